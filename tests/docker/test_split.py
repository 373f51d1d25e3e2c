"""docker/compose.split.yml with two vLLMs behind vllm-router. The tests depend on each other and run in order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from stack import START_WITHIN_S, Stack, docker, health, inspect, report, speak, stack_of, until

CONNECT_S = 3.0  # engine.connect_seconds


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Iterator[Stack]:
    files = ["docker/compose.split.yml", "tests/docker/compose.split.test.yml"]
    with stack_of(tmp_path_factory.mktemp("split"), files, variables) as stack:
        yield stack


@pytest.fixture(scope="module")
def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def engines(stack: Stack) -> list[str]:
    """The router's healthy engines."""
    (router,) = stack.containers("router")
    script = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/workers', timeout=5).read().decode())"
    text = docker("exec", router, "python3", "-c", script, check=False)
    try:
        return [worker["url"] for worker in json.loads(text)["workers"] if worker["is_healthy"]]
    except ValueError:
        return []


def test_scaled_up_all_engines_are_found(stack: Stack, url: str) -> None:
    stack.compose("up", "-d", "hub", "models")
    stack.compose("up", "-d", "--scale", "vllm=2", "hub", "router", "vllm", "server")
    took = until("two engines at the router", lambda: len(engines(stack)) == 2, START_WITHIN_S, 2)
    report("split, vllm=2: both engines at the router after", f"{took:.0f} s")
    (server,) = stack.containers("server")
    until("healthy", lambda: health(server) == "healthy", 60, 1)
    assert speak(url)
    said = [
        docker("exec", c, "grep", "own-gpu", "/var/log/supervisor/vllm_error.log") for c in stack.containers("vllm")
    ]
    assert {line.rsplit(" ", 1)[-1] for line in said} == {"0", "1"}, f"each replica has a GPU of its own: {said}"


def test_one_of_two_engines_killed(stack: Stack, url: str) -> None:
    victim = stack.containers("vllm")[0]
    docker("update", "--restart", "no", victim)
    docker("kill", "--signal", "KILL", victim)
    start = time.monotonic()
    answers = []
    for i in range(8):
        try:
            answers.append(len(speak(url, f"hello number {i}")) > 0)
        except AssertionError:
            answers.append(False)
    took = time.monotonic() - start
    report("split, one of two vLLMs killed: answered of the next 8", f"{sum(answers)} in {took:.1f} s")
    assert answers[-4:] == [True] * 4, answers
    until("one engine at the router", lambda: len(engines(stack)) == 1, 60, 1)
    assert speak(url)


def test_network_cut_between_server_and_engines(stack: Stack, url: str) -> None:
    """The network between router and servers is cut: the server must report that in time, and recover."""
    (router,) = stack.containers("router")
    (network,) = [n for n in inspect(router)["NetworkSettings"]["Networks"] if n.endswith("_front")]
    docker("network", "disconnect", network, router)
    try:
        body = {"text": "hello", "voice": "en_female"}
        start = time.monotonic()
        refused = httpx.post(f"{url}/v1/text-to-speech", json=body, timeout=60)
        took = time.monotonic() - start
        assert refused.status_code == 503 and "engine_unreachable" in refused.text, refused.text
        assert took < 4 * CONNECT_S, f"{took:.1f} s"
        report("split, network cut: 503 after", f"{took:.1f} s")
        assert httpx.get(f"{url}/health", timeout=30).status_code == 503
    finally:
        docker("network", "connect", "--alias", "router", network, router)

    def speaks() -> bool:
        return httpx.post(f"{url}/v1/text-to-speech", json=body, timeout=60).status_code == 200

    took = until("spoken again", speaks, 60)
    report("split, network back: spoken again after", f"{took:.1f} s")


def test_network_cut_under_an_open_stream(stack: Stack, url: str) -> None:
    """A stream whose engine falls silent is aborted within the inactivity limit."""
    (router,) = stack.containers("router")
    (network,) = [n for n in inspect(router)["NetworkSettings"]["Networks"] if n.endswith("_front")]
    heard, outcome = threading.Event(), []

    def listen() -> None:
        text = "This goes on for a while. " * 100
        body = {"text": text, "voice": "en_female", "response_format": "pcm", "top_p": 1.0}
        try:
            with httpx.stream("POST", f"{url}/v1/text-to-speech", json=body, timeout=120) as response:
                for _ in response.iter_raw():
                    heard.set()
            outcome.append("complete")
        except httpx.HTTPError as error:
            outcome.append(type(error).__name__)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert heard.wait(60)
    docker("network", "disconnect", network, router)
    try:
        start = time.monotonic()
        listener.join(60)
        assert not listener.is_alive(), "hangs"
        report("split, network cut: open stream ended after", f"{time.monotonic() - start:.1f} s")
        assert outcome and outcome[0] != "complete", "cut off, and seen to be"
    finally:
        docker("network", "connect", "--alias", "router", network, router)
