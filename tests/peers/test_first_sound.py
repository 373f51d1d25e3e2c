"""The first sound of a turn through each dialect, side by side: `pytest tests/peers/test_first_sound.py -s` prints the table."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from conftest import StartServer
from paced_engine import PacedEngine
from processes import free_port, status_of
from server_peer import Server, changed, settings_for_vllm

TURNS = 15
# A busy machine gets more of them.
MOST_TURNS = 60
TEXT = "Hello there, how are you today?"
VOICE = "en_male"
# How much later a socket may be heard than the stream over HTTP.
LATER_S = 0.020


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacedEngine]:
    engine = PacedEngine(tmp_path_factory.mktemp("paced") / "engine.log", free_port(), 12, frame_ms=35, ttft_ms=50)
    engine.service.wait_ready(lambda: status_of(f"{engine.root}/health") == 200, within_s=30)
    yield engine
    engine.kill()


@pytest.fixture(scope="module")
def wyoming_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(paced: PacedEngine, start_server: StartServer, wyoming_port: int) -> Server:
    settings = changed(settings_for_vllm(f"{paced.root}/v1"), decoder={"kind": "null"})
    return start_server(changed(settings, server={"wyoming": f"127.0.0.1:{wyoming_port}"}))


def over_http(client: httpx.Client, path: str, body: dict[str, object]) -> float:
    """Seconds from sending the request to the first sound."""
    start = time.monotonic()
    with client.stream("POST", path, json=body) as answer:
        assert answer.status_code == 200, answer.read()
        next(answer.iter_raw())
        return time.monotonic() - start


def over_a_socket(url: str, before: list[dict], turn: list[dict], is_sound: Callable[[str | bytes], bool]) -> float:
    """Seconds from sending the text, over a socket that is open already, to the first sound."""
    socket: ClientConnection
    with connect(url, compression=None) as socket:
        for message in before:
            socket.send(json.dumps(message))
        # What was sent before has been read.
        assert socket.ping().wait(10)
        start = time.monotonic()
        for message in turn:
            socket.send(json.dumps(message))
        while not is_sound(socket.recv(timeout=10)):
            pass
        return time.monotonic() - start


def over_wyoming(port: int) -> float:
    async def speak() -> float:
        async with asyncio.timeout(30), AsyncTcpClient("127.0.0.1", port) as client:
            start = time.monotonic()
            await client.write_event(Synthesize(text=TEXT, voice=SynthesizeVoice(name=VOICE)).event())
            while (event := await client.read_event()) is not None:
                if AudioChunk.is_type(event.type):
                    return time.monotonic() - start
            raise AssertionError("no sound")

    return asyncio.run(speak())


def test_every_dialect_is_heard_as_soon(server: Server, wyoming_port: int) -> None:
    ws = server.root.replace("http", "ws", 1)
    pcm = {"voice": VOICE, "response_format": "pcm"}

    def is_bytes(message: str | bytes) -> bool:
        return isinstance(message, bytes)

    def has_audio(message: str | bytes) -> bool:
        return bool(json.loads(message).get("audio"))

    with httpx.Client(base_url=server.root, timeout=30) as client:
        ways: dict[str, Callable[[], float]] = {
            "svara, HTTP": lambda: over_http(client, "/v1/text-to-speech", pcm | {"text": TEXT}),
            "OpenAI, HTTP": lambda: over_http(client, "/v1/audio/speech", pcm | {"input": TEXT}),
            "OpenAI, events": lambda: over_http(client, "/v1/audio/speech", pcm | {"input": TEXT, "stream_format": "sse"}),
            "ElevenLabs, HTTP": lambda: over_http(
                client, f"/v1/text-to-speech/{VOICE}/stream?output_format=pcm_24000", {"text": TEXT}
            ),
            "ElevenLabs, socket": lambda: over_a_socket(
                f"{ws}/v1/text-to-speech/{VOICE}/stream-input?output_format=pcm_24000",
                [{"text": " "}],
                [{"text": TEXT + " ", "flush": True}],
                has_audio,
            ),
            "ElevenLabs, multi-context socket": lambda: over_a_socket(
                f"{ws}/v1/text-to-speech/{VOICE}/multi-stream-input?output_format=pcm_24000",
                [{"text": " ", "context_id": "a"}],
                [{"text": TEXT + " ", "context_id": "a", "flush": True}],
                has_audio,
            ),
            "hosted, socket": lambda: over_a_socket(
                f"{ws}/v1/audio/speech/stream-input?voice={VOICE}", [], [{"text": TEXT}, {"text": ""}], is_bytes
            ),
            "vLLM-Omni, socket": lambda: over_a_socket(
                f"{ws}/v1/audio/speech/stream",
                [{"type": "session.config", "stream_audio": True} | pcm],
                [{"type": "input.text", "text": TEXT}, {"type": "input.done"}],
                is_bytes,
            ),
            "Wyoming": lambda: over_wyoming(wyoming_port),
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        # In turns, so that whatever the machine does besides falls on all of them.
        for turn in range(MOST_TURNS):
            for name, way in ways.items():
                took[name].append(way())
            # The least of each: whatever else the machine does only adds to the others.
            least = {name: min(times) for name, times in took.items()}
            late = [name for name in ways if least[name] - least["svara, HTTP"] >= LATER_S]
            if turn + 1 >= TURNS and not late:
                break
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"\n{turn + 1} turns each, load {load}\n\n| way | least, ms | median, ms |\n|---|---|---|")
    for name, times in took.items():
        print(f"| {name} | {1000 * min(times):.0f} | {1000 * statistics.median(times):.0f} |")
    assert not late
