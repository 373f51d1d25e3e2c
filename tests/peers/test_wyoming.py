"""Peer: the official wyoming package, in the way in which Home Assistant uses it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from conftest import StartServer
from paced_engine import PacedEngine
from processes import PATIENCE_S, free_port, status_of, wait_until
from programs import PROJECT, program
from reference import SAMPLES_PER_FRAME
from server_peer import DEMO, Server, changed, clean_environment, settings_for_vllm, write_config

VOICE = SynthesizeVoice(name="en_male")
FRAMES, FRAME_MS = 40, 40
WITHIN_S = 30


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(start_server: StartServer, port: int) -> Server:
    """Without noise, so that the same text is the same sound."""
    settings = changed(DEMO.settings, server={"wyoming": f"127.0.0.1:{port}"}, decoder={"noise": False})
    return start_server(settings, *DEMO.arguments)


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[AsyncTcpClient]:
    async with asyncio.timeout(WITHIN_S), AsyncTcpClient("127.0.0.1", port) as client:
        yield client


async def events_until(client: AsyncTcpClient, last: Any) -> list[Event]:
    """All events up to one of this kind, or to the end of the connection."""
    events = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if last.is_type(event.type):
            break
    return events


def pcm_of(events: list[Event]) -> bytes:
    """The sound between one start and one stop."""
    kinds = [event.type for event in events]
    assert kinds[0] == "audio-start" and kinds.count("audio-start") == kinds.count("audio-stop") == 1, kinds
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels) == (24000, 2, 1)
    return b"".join(AudioChunk.from_event(event).audio for event in events if AudioChunk.is_type(event.type))


def over_http(server: Server, **fields: Any) -> bytes:
    body = {"voice": "en_male", "response_format": "pcm", "strip_markdown": True} | fields
    return httpx.post(f"{server.root}/v1/text-to-speech", json=body, timeout=60).content


def test_info_has_voices_and_languages(server: Server, port: int) -> None:
    async def describe() -> Info:
        async with client(port) as wyoming:
            await wyoming.write_event(Ping(text="a").event())
            pong = await wyoming.read_event()
            assert pong is not None and Pong.from_event(pong).text == "a"
            await wyoming.write_event(Describe().event())
            event = await wyoming.read_event()
            assert event is not None and Info.is_type(event.type)
            return Info.from_event(event)

    (tts,) = asyncio.run(describe()).tts
    assert tts.installed and tts.supports_synthesize_streaming
    voices = httpx.get(f"{server.root}/v1/voices").json()["voices"]
    assert [voice.name for voice in tts.voices] == [voice["voice_id"] for voice in voices]
    assert all(voice.installed and voice.languages for voice in tts.voices)


@pytest.mark.parametrize(
    ("voice", "text", "spoken_by"),
    [
        (VOICE, "Hello there. How are you?", "en_male"),
        (SynthesizeVoice(language="hi"), "नमस्ते", "hi_male"),
        (None, "வணக்கம்", "ta_male"),
        (None, "Hello", "en_male"),
    ],
)
def test_a_text_is_spoken_as_over_http(
    server: Server, port: int, voice: SynthesizeVoice | None, text: str, spoken_by: str
) -> None:
    async def speak() -> list[Event]:
        async with client(port) as wyoming:
            await wyoming.write_event(Synthesize(text=text, voice=voice).event())
            return await events_until(wyoming, AudioStop)

    expected = over_http(server, text=text, voice=spoken_by)
    assert len(expected) > 2 * SAMPLES_PER_FRAME
    assert pcm_of(asyncio.run(speak())) == expected


async def stream(wyoming: AsyncTcpClient, parts: list[str]) -> list[Event]:
    """As Home Assistant does it: in parts, then all of it once more for servers that can't stream."""
    await wyoming.write_event(SynthesizeStart(voice=VOICE).event())
    for part in parts:
        await wyoming.write_event(SynthesizeChunk(text=part).event())
    await wyoming.write_event(Synthesize(text="".join(parts), voice=VOICE).event())
    await wyoming.write_event(SynthesizeStop().event())
    return await events_until(wyoming, SynthesizeStopped)


def test_text_in_parts_is_spoken_once(server: Server, port: int) -> None:
    async def speak() -> tuple[list[Event], list[Event], list[Event]]:
        async with client(port) as wyoming:
            spoken = await stream(wyoming, ["One is ", "here. Two ", "is **there**. Three"])
            empty = await stream(wyoming, [" "])
            return spoken, empty, await stream(wyoming, ["One is here."])

    spoken, empty, again = asyncio.run(speak())
    texts = ["One is here.", "Two is there.", "Three"]
    assert len(pcm_of(spoken[:-1])) == sum(len(over_http(server, text=text)) for text in texts)
    assert pcm_of(empty[:-1]) == b""
    assert pcm_of(again[:-1]) == over_http(server, text="One is here.")


def test_the_first_sentence_is_heard_before_the_text_ends(server: Server, port: int) -> None:
    async def speak() -> None:
        async with client(port) as wyoming:
            await wyoming.write_event(SynthesizeStart(voice=VOICE).event())
            await wyoming.write_event(SynthesizeChunk(text="One is here. Two").event())
            events = await events_until(wyoming, AudioChunk)
            assert [event.type for event in events] == ["audio-start", "audio-chunk"]
            await wyoming.write_event(SynthesizeStop().event())
            rest = await events_until(wyoming, SynthesizeStopped)
            assert [event.type for event in rest[-2:]] == ["audio-stop", "synthesize-stopped"]

    asyncio.run(speak())


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Synthesize(text="a", voice=SynthesizeVoice(name="nobody")).event(), "nobody"),
        (Synthesize(text="a", voice=SynthesizeVoice(language="xx")).event(), "voice.language"),
        (Synthesize(text="a", voice=SynthesizeVoice(name="en_male", speaker="x")).event(), "voice.speaker"),
        (Synthesize(text="a" * 5001, voice=VOICE).event(), "5000"),
        (Synthesize(text="a", text_format="midi").event(), "text_format"),
        (SynthesizeChunk(text="a").event(), "synthesize-start"),
        (Event("synthesize", {"text": 5}), "text"),
        (Event("select-program", {"name": "piper"}), "svara"),
    ],
)
def test_mistakes_are_told_and_end_the_connection(server: Server, port: int, event: Event, says: str) -> None:
    async def send() -> list[Event]:
        async with client(port) as wyoming:
            await wyoming.write_event(event)
            return await events_until(wyoming, AudioStop)

    (answer,) = asyncio.run(send())
    assert Error.is_type(answer.type)
    assert says in Error.from_event(answer).text


def test_what_is_no_event_ends_the_connection(server: Server, port: int) -> None:
    """A web page can make a browser send this."""
    told = []
    for sent in (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n{}\n", b"x" * 300_000, b'{"type": "ping", "data_length": 1000000000}\n'):
        answer = None
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
            # What it doesn't read to the end may end in a reset.
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
                answer = connection.makefile("rb").readline()
        if answer is not None:
            assert json.loads(answer)["type"] == "error"
        told.append(answer is not None)
    assert told[0] and told[2], told


def test_connections_are_bounded(server: Server, port: int) -> None:
    with contextlib.ExitStack() as open_ones:
        held = [
            open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)) for _ in range(64)
        ]
        # Those of earlier tests may have been closing, so that one of these was refused; then this one isn't.
        held += [open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))]
        wait_until("at most 64 are served", lambda: any(is_closed(one) for one in held))
    # They are free again at once.
    wait_until("there is room", lambda: describes(port))


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed it; it sends nothing by itself."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def describes(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b'{"type": "describe"}\n')
        return connection.recv(1) != b""
    return False


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = PacedEngine(tmp_path_factory.mktemp("paced") / "engine.log", free_port(), FRAMES, FRAME_MS)
    engine.service.wait_ready(lambda: status_of(f"{engine.root}/health") == 200, within_s=30)
    yield engine
    engine.kill()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[PacedEngine]:
    """Speaks for two minutes: longer than a test waits for anything."""
    engine = PacedEngine(tmp_path / "engine.log", free_port(), 3000, FRAME_MS)
    engine.service.wait_ready(lambda: status_of(f"{engine.root}/health") == 200, within_s=PATIENCE_S)
    yield engine
    engine.kill()


def test_a_client_that_leaves_frees_its_stream(start_server: StartServer, slow: PacedEngine) -> None:
    port = free_port()
    settings = changed(settings_for_vllm(f"{slow.root}/v1"), decoder={"kind": "null"})
    server = start_server(changed(settings, server={"wyoming": f"127.0.0.1:{port}"}))

    async def leave() -> None:
        async with client(port) as wyoming:
            await wyoming.write_event(Synthesize(text="hello", voice=VOICE).event())
            await events_until(wyoming, AudioChunk)

    asyncio.run(leave())
    left = time.monotonic()
    health = f"{server.root}/health"
    wait_until("the stream is free", lambda: httpx.get(health).json()["open_streams"] == 0, every_s=0.005)
    print(f"freed {1000 * (time.monotonic() - left):.0f} ms after the client left")
    # Not since all was said.
    aborted = re.compile(r'^vllm:request_success_total\{.*finished_reason="abort".*\} 1(\.0)?$', re.MULTILINE)
    wait_until("the engine was told", lambda: aborted.search(httpx.get(f"{slow.root}/metrics").text) is not None)


def test_a_drain_lets_speech_finish_and_ends_idle_connections(start_server: StartServer, paced: PacedEngine) -> None:
    port = free_port()
    settings = changed(settings_for_vllm(f"{paced.root}/v1"), decoder={"kind": "null"})
    server = start_server(changed(settings, server={"wyoming": f"127.0.0.1:{port}"}))

    async def drain() -> bytes:
        async with client(port) as speaking, client(port) as idle:
            await speaking.write_event(Synthesize(text="hello", voice=VOICE).event())
            events = await events_until(speaking, AudioChunk)
            server.service.process.send_signal(signal.SIGTERM)
            assert await idle.read_event() is None
            return pcm_of(events + await events_until(speaking, AudioStop))

    assert len(asyncio.run(drain())) == 2 * FRAMES * SAMPLES_PER_FRAME
    server.stop()


def test_an_address_that_others_reach_needs_a_word(tmp_path: Path) -> None:
    """Even with keys: the protocol has none."""
    settings = {"host": "127.0.0.1", "wyoming": "0.0.0.0:10200", "api_key": "a key of at least twenty characters"}
    config = tmp_path / "server.toml"
    for allowed in (False, True):
        write_config(config, {"server": settings | {"allow_open": allowed}})
        command = [program("svara-server"), "--config", config, "--demo", "--check-config"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment(), cwd=PROJECT)
        assert (done.returncode == 0) == allowed, done.stderr
        assert allowed or "server.wyoming" in done.stderr
