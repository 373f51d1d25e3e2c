"""Peers: plain httpx and websockets, as a client of the hosted API is written from docs/hosted.md and docs/api.md."""

from __future__ import annotations

import contextlib
import io
import json
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from conftest import StartServer
from paced_engine import PacedEngine
from processes import free_port, status_of, wait_until
from reference import SAMPLES_PER_FRAME
from server_peer import DEMO, Server, changed, settings_for_vllm

KEY = "sk-svara-test-plain-clients-01"
HEADERS = {"xi-api-key": KEY}
# A paced engine: twice as fast as a listener plays.
FRAMES, FRAME_MS = 12, 40
FREED_WITHIN_S = 0.1
IDLE_SOCKETS = 20
# How far apart the sound of two chunks may be, besides the time to the engine's first token.
GAP_S = 0.25
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()


@pytest.fixture(scope="module")
def server(start_server: StartServer) -> Server:
    """The demo voice, whose speech depends on the text; one key."""
    return start_server(changed(DEMO.settings, server={"api_key": KEY}), *DEMO.arguments)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.root, headers=HEADERS, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacedEngine]:
    engine = PacedEngine(tmp_path_factory.mktemp("paced") / "engine.log", free_port(), FRAMES, FRAME_MS)
    engine.service.wait_ready(lambda: status_of(f"{engine.root}/health") == 200, within_s=30)
    yield engine
    engine.kill()


@pytest.fixture(scope="module")
def paced_server(paced: PacedEngine, start_server: StartServer) -> Server:
    return start_server(changed(settings_for_vllm(f"{paced.root}/v1"), decoder={"kind": "null"}))


def test_a_whole_file_has_its_length_and_headers(client: httpx.Client) -> None:
    body = {"input": "नमस्ते", "lang": "hin", "response_format": "wav", "sample_rate": 16000, "stream": False, "speed": 1.2}
    answer = client.post("/v1/audio/speech", json=body, headers={"x-request-id": "mine-1"})
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-request-id"] == "mine-1" and answer.headers["x-sample-rate"] == "16000"
    for left in ("requests", "streams", "characters"):
        assert answer.headers[f"x-ratelimit-remaining-{left}"] == "-1"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.getnframes() * 2 + 44 == len(answer.content)


def test_a_stream_is_samples_as_they_are_made(client: httpx.Client) -> None:
    with client.stream("POST", "/v1/audio/speech", json={"input": "hello", "voice": "en_male", "stream": True}) as answer:
        assert answer.status_code == 200
        chunks = list(answer.iter_raw())
    assert answer.headers["content-type"].startswith("audio/pcm")
    assert "content-length" not in answer.headers and answer.headers["x-accel-buffering"] == "no"
    assert len(b"".join(chunks)) % 2 == 0 and len(chunks[0]) >= 1920


def test_lists_usage_and_previews(client: httpx.Client) -> None:
    languages = client.get("/v1/languages").json()["languages"]
    hindi = next(language for language in languages if language["iso1"] == "hi")
    assert hindi["iso3"] == "hin" and set(hindi) == {"iso1", "iso3", "name", "region", "aliases"}
    for name in (hindi["iso1"], hindi["iso3"], hindi["name"], *hindi["aliases"]):
        answer = client.post("/v1/audio/speech", json={"input": "नमस्ते", "lang": name, "stream": False})
        assert answer.status_code == 200, (name, answer.text)
    voices = client.get("/v1/voices").json()["voices"]
    hindi_women = [v for v in voices if v["labels"]["native_language_code"] == "hi" and v["gender"] == "female"]
    assert [voice["voice_id"] for voice in hindi_women] == ["hi_female"]
    preview = client.get(hindi_women[0]["preview_url"])
    assert preview.status_code == 200 and preview.headers["content-type"] == "audio/mpeg" and len(preview.content) > 500
    usage = client.get("/v1/usage").json()
    assert set(usage) == {"plan", "month", "balance", "subscription"}
    before = usage["month"]["characters_used"]
    client.post("/v1/audio/speech", json={"input": "hello", "voice": "en_male", "stream": False})
    assert client.get("/v1/usage").json()["month"]["characters_used"] == before + 5


def test_errors_are_the_hosted_apis(server: Server, client: httpx.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": "a", "voice": "en_male", "speed": 3})
    (wrong,) = answer.json()["detail"]
    assert answer.status_code == 422 and wrong["loc"] == ["body", "speed"]
    answer = client.post("/v1/audio/speech", json={"input": "a", "voice": "nobody"})
    assert (answer.status_code, answer.json()["detail"]["status"]) == (404, "voice_not_found")
    answer = httpx.post(f"{server.root}/v1/audio/speech", json={"input": "a"}, headers={"xi-api-key": "wrong"})
    assert (answer.status_code, answer.json()["detail"]["status"]) == (401, "invalid_api_key")
    with pytest.raises(InvalidStatus) as refused:
        open_socket(server, "voice=nobody", KEY)
    assert refused.value.response.status_code == 404


def open_socket(server: Server, query: str, key: str | None = None) -> ClientConnection:
    url = f"{server.root.replace('http', 'ws', 1)}/v1/audio/speech/stream-input?{query}"
    return connect(url, additional_headers={"xi-api-key": key} if key else None, compression=None)


def test_a_socket_gives_one_file_in_binary_frames(server: Server, client: httpx.Client) -> None:
    """Word by word; the chunks together are the text, each once."""
    with open_socket(server, "voice=en_male", KEY) as socket:
        for word in WORDS:
            socket.send(json.dumps({"text": word + " "}))
        socket.send(json.dumps({"text": ""}))
        messages = list(socket)
    events = [json.loads(message) for message in messages if isinstance(message, str)]
    assert [event["type"] for event in events] == ["chunk"] * (len(events) - 1) + ["done"]
    assert "".join(event["text"] for event in events[:-1]).split() == WORDS
    sound = b"".join(message for message in messages if isinstance(message, bytes))
    texts = [event["text"] for event in events[:-1]]
    bodies = [{"input": text, "voice": "en_male", "response_format": "pcm", "stream": False} for text in texts]
    assert len(sound) == sum(len(client.post("/v1/audio/speech", json=body).content) for body in bodies)
    assert socket.close_code == 1000


def test_speech_starts_some_words_in(paced_server: Server, paced: PacedEngine) -> None:
    """With chunk_words and peek_words, and not one word before."""
    for chunk_words, peek_words in ((4, 2), (2, 0), (3, 3)):
        with open_socket(paced_server, f"voice=en_male&chunk_words={chunk_words}&peek_words={peek_words}") as socket:
            words = WORDS[: chunk_words + peek_words]
            asked = len(paced.stats()["request_ids"])
            for word in words[:-1]:
                socket.send(json.dumps({"text": word + " "}))
            # The server answers a ping behind the words that it has read.
            assert socket.ping().wait(10)
            assert len(paced.stats()["request_ids"]) == asked, "speech starts too early"
            socket.send(json.dumps({"text": words[-1] + " "}))
            chunk = json.loads(socket.recv(timeout=10))
            assert chunk["type"] == "chunk" and chunk["text"].split() == words[:chunk_words]
            assert isinstance(socket.recv(timeout=10), bytes)


def test_barge_in_frees_everything(paced_server: Server) -> None:
    """Twelve times: the client closes the socket in mid-speech. The quickest count: a busy machine only adds to the others."""
    health = f"{paced_server.root}/health"
    took, probes = [], []
    with httpx.Client() as client:

        def open_streams() -> int:
            return client.get(health).json()["open_streams"]

        for _ in range(12):
            with open_socket(paced_server, "voice=en_male") as socket:
                socket.send(json.dumps({"text": " ".join(WORDS)}))
                while not isinstance(socket.recv(timeout=10), bytes):
                    pass
                # Between two chunks there may be none, or the next one already.
                wait_until("it speaks", lambda: open_streams() >= 1)
                start = time.monotonic()
                socket.close()
                wait_until("it is free", lambda: open_streams() == 0, every_s=0.001)
                freed = time.monotonic()
                open_streams()
            took.append(freed - start)
            probes.append(time.monotonic() - freed)
    freed_s, probe_s = min(took), min(probes)
    print(f"freed after {1000 * freed_s:.0f} ms, {1000 * probe_s:.0f} of them the probe's")
    assert freed_s - probe_s < FREED_WITHIN_S


def test_idle_sockets_cost_a_descriptor_each(paced_server: Server, paced: PacedEngine) -> None:
    fds = Path(f"/proc/{paced_server.service.pid}/fd")
    asked = len(paced.stats()["request_ids"])
    counts: list[int] = []

    def settled() -> bool:
        """Whether the descriptors of earlier tests are closed: the number is the same for half a second."""
        counts.append(len(list(fds.iterdir())))
        return len(counts) >= 10 and len(set(counts[-10:])) == 1

    wait_until("nothing closes any more", settled, every_s=0.05)
    before = counts[-1]
    with contextlib.ExitStack() as sockets:
        for _ in range(IDLE_SOCKETS):
            sockets.enter_context(open_socket(paced_server, "voice=en_male"))
        # Others may come and go.
        wait_until(
            "a descriptor for each",
            lambda: IDLE_SOCKETS <= len(list(fds.iterdir())) - before <= IDLE_SOCKETS + 2,
        )
        health = httpx.get(f"{paced_server.root}/health").json()
        assert health["open_streams"] == health["capacity"]["waiting"] == 0
        assert len(paced.stats()["request_ids"]) == asked


def test_chunks_follow_each_other_without_a_gap(paced_server: Server) -> None:
    """From the last sound of a chunk to the first of the next, while its words are there already."""
    with open_socket(paced_server, "voice=en_male&max_chunk_words=4") as socket:
        socket.send(json.dumps({"text": " ".join(WORDS) + " "}))
        socket.send(json.dumps({"text": ""}))
        gaps, last, behind_chunk, heard = [], None, False, 0
        for message in socket:
            now = time.monotonic()
            if isinstance(message, str):
                behind_chunk = True
                continue
            if behind_chunk and last is not None:
                gaps.append(now - last)
            last, behind_chunk = now, False
            heard += len(message)
    assert len(gaps) >= 3
    assert heard == 2 * SAMPLES_PER_FRAME * FRAMES * (len(gaps) + 1)
    print("gaps between chunks, in ms: " + ", ".join(f"{1000 * gap:.0f}" for gap in gaps))
    # Each chunk's sound takes longer to hear than to make: what is in hand outlasts the gap.
    assert min(gaps) < GAP_S
