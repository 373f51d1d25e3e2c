"""Peers: Debian's nginx and HAProxy in front of our server, bare and with the files that docker/ ships."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from conftest import StartServer
from failing_engine import CUTS, WHOLE, FailingEngine
from holding import holding_the_only_stream, only_one_stream
from paced_engine import PacedEngine
from processes import free_port, status_of, wait_until
from proxies import Proxy
from reference import SAMPLES_PER_FRAME
from server_peer import Server, changed, settings_for_vllm

SHIPPED = ("nginx", "haproxy")
KINDS = ("nginx, bare", "haproxy, bare", *SHIPPED)
# How much later the first sound may come through a proxy than without one.
LATER_S = 0.050
# Without `option http-no-delay`, HAProxy holds what is less than a TCP segment back until the kernel's cork lets go, after
# 200 ms. No server can tell it otherwise.
CORKED_S = 0.250
FEWEST_TRIES, MOST_TRIES = 4, 40
FRAMES = 30
CURL_WRITE_OUT = "%{http_code} %{size_download} %{http_version}"
# How soon an engine that hangs is given up.
INACTIVITY_S = 1.0


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacedEngine]:
    """Speaks twice as fast as a listener plays: what waits for a full buffer comes seconds later."""
    engine = PacedEngine(tmp_path_factory.mktemp("paced") / "engine.log", free_port(), FRAMES, frame_ms=40)
    engine.service.wait_ready(lambda: status_of(f"{engine.root}/health") == 200, within_s=30)
    yield engine
    engine.kill()


@pytest.fixture(scope="module")
def server(paced: PacedEngine, start_server: StartServer) -> Server:
    return start_server(changed(settings_for_vllm(f"{paced.root}/v1"), decoder={"kind": "null"}))


@pytest.fixture(scope="module")
def failing() -> Iterator[FailingEngine]:
    engine = FailingEngine()
    yield engine
    engine.stop()


@pytest.fixture(scope="module")
def failing_server(failing: FailingEngine, start_server: StartServer) -> Server:
    engine = {"inactivity_seconds": INACTIVITY_S}
    settings = changed(settings_for_vllm(failing.base_url), decoder={"kind": "null"}, engine=engine)
    return start_server(settings)


@pytest.fixture
def proxy(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[Proxy]:
    yield from running(request.param, tmp_path, [server.port])


@pytest.fixture
def failing_proxy(request: pytest.FixtureRequest, tmp_path: Path, failing_server: Server) -> Iterator[Proxy]:
    yield from running(request.param, tmp_path, [failing_server.port])


def running(kind: str, directory: Path, servers: list[int]) -> Iterator[Proxy]:
    proxy = Proxy(kind, directory, servers)
    yield proxy
    proxy.kill()


def trust(proxy: Proxy) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=str(proxy.ca)) if proxy.ca else True


def first_byte_s(client: httpx.Client, url: str, body: dict) -> float:
    """Seconds from sending to the first sound; the rest is left behind."""
    start = time.monotonic()
    with client.stream("POST", url, json=body) as response:
        assert response.status_code == 200, response.read()
        next(response.iter_raw())
        return time.monotonic() - start


@pytest.mark.parametrize("proxy", KINDS, indirect=True)
@pytest.mark.parametrize("format", ["mp3", "opus", "pcm", "sse"])
def test_first_sound_is_passed_on_at_once(server: Server, proxy: Proxy, format: str) -> None:
    body = {"input": "hello", "voice": "en_male", "response_format": format}
    if format == "sse":
        body |= {"response_format": "pcm", "stream_format": "sse"}
    direct, through = [], []
    with httpx.Client(timeout=30) as near, httpx.Client(timeout=30, verify=trust(proxy)) as far:
        allowed_s = CORKED_S if proxy.name == "haproxy, bare" else LATER_S
        while len(direct) < MOST_TRIES:
            direct.append(first_byte_s(near, f"{server.root}/v1/audio/speech", body))
            through.append(first_byte_s(far, f"{proxy.root}/v1/audio/speech", body))
            # The quickest of each: whatever else the machine does only adds to the others.
            later = min(through) - min(direct)
            if len(direct) >= FEWEST_TRIES and later < allowed_s:
                break
    print(f"{proxy.name}, {format}: {1000 * min(direct):.0f} ms, through it {1000 * later:+.0f} ms, {len(direct)} tries")
    assert later < allowed_s


@pytest.mark.parametrize("proxy", KINDS, indirect=True)
def test_no_pause_between_chunks_is_added(server: Server, proxy: Proxy) -> None:
    """The longest wait between two chunks of a stream at 40 ms a frame."""

    def longest_s(root: str, verify: ssl.SSLContext | bool) -> float:
        body = {"input": "hello", "voice": "en_male", "response_format": "pcm"}
        with httpx.stream("POST", f"{root}/v1/audio/speech", json=body, timeout=30, verify=verify) as response:
            at = []
            total = 0
            for chunk in response.iter_raw():
                total += len(chunk)
                at.append(time.monotonic())
        assert total == 2 * FRAMES * SAMPLES_PER_FRAME
        return max(later - sooner for sooner, later in zip(at, at[1:], strict=False))

    direct, through = [], []
    allowed_s = CORKED_S if proxy.name == "haproxy, bare" else LATER_S
    while len(direct) < MOST_TRIES:
        direct.append(longest_s(server.root, True))
        through.append(longest_s(proxy.root, trust(proxy)))
        # The best of each: one chunk that the machine is late with spoils a stream.
        added = min(through) - min(direct)
        if len(direct) >= FEWEST_TRIES and added < allowed_s:
            break
    print(f"{proxy.name}: {1000 * min(direct):.0f} ms, through it {1000 * added:+.0f} ms, {len(direct)} tries")
    assert added < allowed_s


@dataclass(frozen=True)
class Heard:
    """What curl says of an answer."""

    exit: int
    status: int
    bytes: int
    version: str


def curl(root: str, *arguments: str, stream_format: str = "audio") -> Heard:
    body = {"input": "hello", "voice": "en_male", "response_format": "pcm", "stream_format": stream_format}
    command = ["curl", "-sSkN", f"{root}/v1/audio/speech", "-H", "content-type: application/json"]
    command += ["-d", json.dumps(body), "-o", os.devnull, "-w", CURL_WRITE_OUT, "--max-time", "30", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    status, size, version = done.stdout.split()
    return Heard(done.returncode, int(status), int(size), version)


def assert_cut(heard: Heard) -> None:
    """What was made arrived, and nobody can take it for the whole."""
    assert heard.status == 200, heard
    assert heard.exit not in (0, 28), f"a cut looks whole, or the client was left waiting: {heard}"
    assert heard.bytes > 0, f"the sound before the failure is lost: {heard}"


def assert_cuts_are_seen(failing: FailingEngine, root: str, *arguments: str) -> None:
    failing.ends = WHOLE
    whole = curl(root, *arguments)
    assert (whole.exit, whole.status) == (0, 200), whole
    assert whole.bytes == 2 * failing.frames * SAMPLES_PER_FRAME
    for cut in CUTS:
        failing.ends = cut
        heard = curl(root, *arguments)
        print(f"{cut}: {heard}")
        assert_cut(heard)
        assert heard.bytes < whole.bytes
        assert curl(root, *arguments, stream_format="sse").exit != 0, cut


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2-prior-knowledge"])
def test_every_cut_is_seen_without_a_proxy(failing: FailingEngine, failing_server: Server, version: str) -> None:
    assert_cuts_are_seen(failing, failing_server.root, version)


@pytest.mark.parametrize("failing_proxy", KINDS, indirect=True)
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_every_cut_is_seen_through_a_proxy(failing: FailingEngine, failing_proxy: Proxy, version: str) -> None:
    """Clients that speak HTTP/1.0 to a proxy can't see them: both proxies end such an answer cleanly."""
    if version == "--http2" and not failing_proxy.ca:
        pytest.skip("neither speaks HTTP/2 without TLS")
    assert_cuts_are_seen(failing, failing_proxy.root, version)


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_failures_close_behind_the_first_sound_lose_nothing(
    failing: FailingEngine, failing_server: Server, version: str
) -> None:
    """Eight at a time: the failure comes while the head and the first sound wait to be written."""
    failing.ends = "reset"
    with ThreadPoolExecutor(8) as clients:
        for heard in clients.map(lambda _: curl(failing_server.root, version), range(40)):
            assert_cut(heard)


@pytest.mark.parametrize("failing_proxy", KINDS, indirect=True)
def test_a_proxy_keeps_a_server_whose_speeches_break_off(failing: FailingEngine, failing_proxy: Proxy) -> None:
    failing.ends = "reset"
    with ThreadPoolExecutor(8) as clients:
        for heard in clients.map(lambda _: curl(failing_proxy.root), range(24)):
            assert_cut(heard)
    failing.ends = WHOLE
    assert [curl(failing_proxy.root).status for _ in range(6)] == [200] * 6


@pytest.mark.parametrize("proxy", SHIPPED, indirect=True)
def test_sockets_and_events_pass(server: Server, proxy: Proxy) -> None:
    """The hosted API's socket, and OpenAI's events, byte by byte as without a proxy."""

    def spoken(root: str, context: ssl.SSLContext | None) -> bytes:
        url = f"{root.replace('http', 'ws', 1)}/v1/audio/speech/stream-input?voice=en_male"
        with connect(url, ssl=context, compression=None) as socket:
            socket.send(json.dumps({"text": "one two three four five six seven "}))
            socket.send(json.dumps({"text": ""}))
            messages = list(socket)
        texts = [json.loads(message)["type"] for message in messages if isinstance(message, str)]
        assert texts[0] == "chunk" and texts[-1] == "done", texts
        return b"".join(message for message in messages if isinstance(message, bytes))

    context = ssl.create_default_context(cafile=str(proxy.ca))
    assert spoken(proxy.root, context) == spoken(server.root, None)
    body = {"input": "hello", "voice": "en_male", "response_format": "pcm", "stream_format": "sse"}
    answers = [
        httpx.post(f"{root}/v1/audio/speech", json=body, timeout=30, verify=verify)
        for root, verify in ((server.root, True), (proxy.root, context))
    ]
    events = [[json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")] for answer in answers]
    assert events[0][-1]["type"] == events[1][-1]["type"] == "speech.audio.done"
    for header in ("x-accel-buffering", "cache-control", "x-sample-rate"):
        assert answers[0].headers[header]
    # nginx takes its own header as an order, and passes it on no further.
    assert answers[1].headers["cache-control"] == answers[0].headers["cache-control"]


@pytest.mark.parametrize("kind", SHIPPED)
def test_a_request_that_one_server_refuses_goes_to_the_other(
    kind: str, paced: PacedEngine, start_server: StartServer, tmp_path: Path
) -> None:
    """One of two servers is full; then both are, and have room again at once."""
    settings = only_one_stream(changed(settings_for_vllm(f"{paced.root}/v1"), decoder={"kind": "null"}))
    servers = [start_server(settings), start_server(settings)]
    proxy = Proxy(kind, tmp_path, [server.port for server in servers])
    body = {"text": "hello", "voice": "en_male", "response_format": "pcm"}
    try:
        with httpx.Client(verify=trust(proxy), timeout=30) as client:

            def speak() -> int:
                return client.post(f"{proxy.root}/v1/text-to-speech", json=body).status_code

            def speak_once_free(*servers: Server) -> int:
                """A stream is free again a moment after its client has everything."""

                def free() -> bool:
                    return all(httpx.get(f"{one.root}/health").json()["open_streams"] == 0 for one in servers)

                wait_until("all are free", free, within_s=10)
                return speak()

            wait_until("the proxy passes requests on", lambda: speak() == 200, within_s=20)
            with holding_the_only_stream(servers[0]):
                assert [speak_once_free(servers[1]) for _ in range(4)] == [200] * 4
                with holding_the_only_stream(servers[1]):
                    assert [speak() for _ in range(4)] == [503] * 4
            said = [speak_once_free(*servers) for _ in range(6)]
            assert said == [200] * 6, "servers that were full are passed over"
            servers[0].stop()
            assert [speak_once_free(servers[1]) for _ in range(4)] == [200] * 4
    finally:
        proxy.kill()
