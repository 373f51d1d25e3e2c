"""Peer: the vLLM project's vllm-router, and a list of engines. One engine is killed under load; then the other."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from paced_engine import PacedEngine
from processes import Service, free_port, status_of, wait_until
from programs import PROJECT
from reference import SAMPLES_PER_FRAME
from server_peer import Server, settings_for_vllm

FRAMES = 12
FRAME_MS = 40
CLIENTS = 8
VOICES = ("hi_female", "hi_male", "ta_female", "bn_male", "en_male", "te_female", "mr_female", "kn_male")


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[PacedEngine, PacedEngine]]:
    logs = tmp_path / "engine-1.log", tmp_path / "engine-2.log"
    both = tuple(PacedEngine(log, free_port(), FRAMES, FRAME_MS) for log in logs)
    for engine in both:
        engine.service.wait_ready(lambda root=engine.root: status_of(f"{root}/health") == 200, within_s=30)
    yield both
    for engine in both:
        engine.kill()


@pytest.fixture
def router(engines: tuple[PacedEngine, PacedEngine], tmp_path: Path) -> Iterator[str]:
    """The base URL of a real vllm-router in front of both engines."""
    port, metrics = free_port(), free_port()
    command = [Path(sys.executable).with_name("vllm-router"), "--worker-urls", *(engine.root for engine in engines)]
    # By default, the router tolerates ten failures of a dead engine: two requests with all their tries.
    command += ["--policy", "consistent_hash", "--cb-failure-threshold", 3, "--host", "127.0.0.1", "--port", port, "--prometheus-port", metrics]
    command = [str(part) for part in command]
    service = Service("vllm-router", command, tmp_path / "router.log", dict(os.environ), PROJECT)
    service.wait_ready(lambda: status_of(f"http://127.0.0.1:{port}/v1/models") == 200, within_s=60)
    yield f"http://127.0.0.1:{port}/v1"
    service.kill()


def settings(base_url: str) -> dict:
    changed = settings_for_vllm(base_url)
    changed["decoder"] = {"kind": "null"}
    return changed


@dataclass
class Heard:
    """The results of the clients: `speaking` are in progress, `broken` were aborted, `refused` got no audio at all."""

    complete: int = 0
    broken: int = 0
    speaking: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def speak(server: Server, voice: str) -> httpx.Response:
    body = {"text": "hello", "voice": voice, "response_format": "pcm", "stream": False}
    return httpx.post(f"{server.root}/v1/text-to-speech", json=body, timeout=30)


def listen(server: Server, voice: str, heard: Heard, until: threading.Event) -> None:
    """Sends one streamed request after the other."""
    body = {"text": "hello", "voice": voice, "response_format": "pcm"}
    url = f"{server.root}/v1/text-to-speech"
    while not until.is_set():
        received, status = 0, 0
        with (
            contextlib.suppress(httpx.RemoteProtocolError),
            httpx.stream("POST", url, json=body, timeout=30) as response,
        ):
            status = response.status_code
            for chunk in response.iter_raw():
                with heard.lock:
                    heard.speaking += received == 0
                received += len(chunk)
        with heard.lock:
            heard.speaking -= received > 0
            if status != 200:
                heard.refused.append(f"status {status}")
            elif received == 2 * FRAMES * SAMPLES_PER_FRAME:
                heard.complete += 1
            else:
                heard.broken += 1


def load_while_one_dies(server: Server, dies: PacedEngine) -> Heard:
    heard, until = Heard(), threading.Event()
    clients = [threading.Thread(target=listen, args=(server, voice, heard, until)) for voice in VOICES[:CLIENTS]]
    for client in clients:
        client.start()
    wait_until("many streams are open", lambda: heard.complete and heard.speaking >= CLIENTS - 1, within_s=60)
    dies.kill()
    complete = heard.complete
    wait_until("the other engine answers requests", lambda: heard.complete >= complete + 4 * CLIENTS, within_s=60)
    until.set()
    for client in clients:
        client.join(30)
    return heard


def assert_both_gone_is_said(server: Server) -> None:
    response = speak(server, VOICES[0])
    assert response.status_code == 503, response.text
    assert response.json()["error"]["type"] in ("engine_unreachable", "engine_busy")
    assert response.headers["retry-after"] == "1"
    wait_until("/health says so", lambda: status_of(f"{server.root}/health") == 503)


def test_list_of_engines_loses_no_request_that_had_no_byte_sent(
    start_server: StartServer, engines: tuple[PacedEngine, PacedEngine]
) -> None:
    server = start_server(settings(f"{engines[0].root}/v1,{engines[1].root}/v1"))
    heard = load_while_one_dies(server, engines[0])
    print(f"{heard.complete} complete, {heard.broken} broken off in mid-speech, {len(heard.refused)} refused")
    assert not heard.refused
    assert 1 <= heard.broken <= CLIENTS, "other streams than the open ones were broken off"
    health = httpx.get(f"{server.root}/health").json()
    assert [engine["state"] for engine in health["engines"]] == ["ejected", "serving"], health
    engines[1].kill()
    assert_both_gone_is_said(server)


def test_router_with_two_engines_loses_no_request_that_had_no_byte_sent(
    start_server: StartServer, engines: tuple[PacedEngine, PacedEngine], router: str
) -> None:
    server = start_server(settings(router))
    heard = load_while_one_dies(server, engines[0])
    print(f"{heard.complete} complete, {heard.broken} broken off in mid-speech, {len(heard.refused)} refused")
    assert not heard.refused
    assert heard.broken <= CLIENTS, "more streams were broken off than were open"
    engines[1].kill()
    assert_both_gone_is_said(server)


def test_router_keeps_each_voice_on_one_engine(
    start_server: StartServer, engines: tuple[PacedEngine, PacedEngine], router: str
) -> None:
    server = start_server(settings(router))
    for voice in VOICES:
        for _ in range(2):
            assert speak(server, voice).status_code == 200
    sessions = [engine.stats()["sessions"] for engine in engines]
    for voice in VOICES:
        counts = sorted(session.get(voice, 0) for session in sessions)
        assert counts == [0, 2], f"{voice}: {sessions}"


def test_engine_that_comes_back_gets_requests_again(
    start_server: StartServer, engines: tuple[PacedEngine, PacedEngine], tmp_path: Path
) -> None:
    server = start_server(settings(f"{engines[0].root}/v1,{engines[1].root}/v1"))

    def state() -> str:
        return httpx.get(f"{server.root}/health").json()["engines"][0]["state"]

    engines[0].kill()
    wait_until("the dead engine is ejected", lambda: state() == "ejected", within_s=10)
    back = PacedEngine(tmp_path / "back.log", engines[0].port, frames=2, frame_ms=1)
    try:
        wait_until("it returns", lambda: state() == "returning", within_s=20)
        deadline = time.monotonic() + 60
        while state() != "serving":
            assert time.monotonic() < deadline, "it is never back in service"
            for voice in VOICES:
                assert speak(server, voice).status_code == 200
        assert back.stats()["request_ids"]
    finally:
        back.kill()
