"""Peer: a real vLLM that refuses, loses its client, or dies. Failures are reported, and lost clients cost nothing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from processes import wait_until
from reference import SAMPLES_PER_FRAME, expected_frames
from server_peer import Server, settings_for_vllm
from speech import VOICE, body, speak
from vllm_peer import Vllm

GENERATED = "vllm:generation_tokens_total"
INACTIVITY_S = 10  # engine.inactivity_seconds
# More than 2000 tokens, 20 s on a CPU core: long enough for every test to interrupt it.
LONG = " ".join(["the quick brown fox jumps over the lazy dog"] * 30)


def test_model_that_the_engine_lacks_is_said_before_any_byte(start_server: StartServer, vllm: Vllm) -> None:
    settings = settings_for_vllm(vllm.base_url)
    settings["engine"]["model"] = "nope"
    server = start_server(settings, ready=False)
    response = httpx.post(f"{server.root}/v1/text-to-speech", json=body("hello"), timeout=10)
    assert response.status_code == 502
    assert "the speech engine" in response.text
    # Whoever operates the server learns which model is missing.
    health = httpx.get(f"{server.root}/health", timeout=10)
    assert health.status_code == 503 and "nope" in health.text


def test_engine_that_is_not_there_is_said_before_any_byte(start_server: StartServer) -> None:
    server = start_server(settings_for_vllm("http://127.0.0.1:9/v1"), ready=False)
    assert httpx.get(f"{server.root}/health").status_code == 503
    response = httpx.post(f"{server.root}/v1/text-to-speech", json=body("hello"), timeout=10)
    assert response.status_code in (502, 503)
    assert response.headers["content-type"].startswith("application/json")


def test_client_that_is_killed_stops_the_generation(server: Server, vllm: Vllm, tmp_path: Path) -> None:
    """Kills a curl in mid-stream; vLLM's own metrics show when it stopped."""
    audio = tmp_path / "audio.pcm"
    request = tmp_path / "request.json"
    request.write_bytes(httpx.Request("POST", "http://x", json=body(LONG)).content)
    url = f"{server.root}/v1/text-to-speech"
    command = ["curl", "-sN", url, "-H", "content-type: application/json", "-d", f"@{request}", "-o", audio]
    curl = subprocess.Popen(command)
    try:
        wait_until("curl has its first bytes", lambda: audio.exists() and audio.stat().st_size > 0, within_s=20)
        vllm.metric_once("vllm:num_requests_running", lambda running: running == 1)
    finally:
        curl.kill()
        curl.wait()
    killed, since = time.monotonic(), vllm.metric(GENERATED)
    at_end = vllm.idle()[GENERATED]
    print(f"vLLM was idle {1000 * (time.monotonic() - killed):.0f} ms after the client was killed")
    # Tokens, not time: a busy machine is late with everything.
    assert at_end - since < 100, "the abandoned generation went on"
    assert speak(server, "hello"), "the next client isn't served"
    assert vllm.idle()[GENERATED] - at_end < 300, "the abandoned generation went on"


@pytest.mark.kills_vllm
def test_engine_killed_in_mid_stream_breaks_the_response_off(server: Server, vllm: Vllm) -> None:
    url = f"{server.root}/v1/text-to-speech"
    received = 0
    with httpx.stream("POST", url, json=body(LONG), timeout=30) as response:
        assert response.status_code == 200
        chunks = response.iter_raw()
        received += len(next(chunks))
        killed = time.monotonic()
        vllm.kill()
        with pytest.raises(httpx.RemoteProtocolError):
            for chunk in chunks:
                received += len(chunk)
    took = time.monotonic() - killed
    print(f"the response broke off {1000 * took:.0f} ms after the engine was killed")
    assert took < INACTIVITY_S, "the closed connection isn't noticed, only the silence"
    assert received < 2 * SAMPLES_PER_FRAME * expected_frames(LONG, VOICE)

    response = httpx.post(url, json=body("hello"), timeout=10)
    assert response.status_code in (502, 503), response.text
    health = httpx.get(f"{server.root}/health")
    assert health.status_code == 503, health.text


@pytest.mark.kills_vllm
def test_engine_that_is_told_to_stop_and_falls_silent_breaks_the_response_off(
    start_server: StartServer, vllm: Vllm
) -> None:
    """On SIGTERM, vLLM stops its engine, and leaves open streams open and silent."""
    settings = settings_for_vllm(vllm.base_url)
    settings["engine"]["inactivity_seconds"] = 2.0
    server = start_server(settings)
    try:
        with httpx.stream("POST", f"{server.root}/v1/text-to-speech", json=body(LONG), timeout=60) as response:
            assert response.status_code == 200
            chunks = response.iter_raw()
            next(chunks)
            assert vllm.service is not None
            vllm.service.process.terminate()
            told = time.monotonic()
            with pytest.raises(httpx.RemoteProtocolError):
                for _ in chunks:
                    pass
    finally:
        # One that is stopping isn't taken for a started one by the next test.
        vllm.kill()
    took = time.monotonic() - told
    print(f"the response broke off {took:.2f} s after the engine was told to stop")
    assert took < 20, "it waited for more than the silence"
    failure = 'svara_failures_total{kind="engine_'
    wait_until("the failure is counted", lambda: failure in httpx.get(f"{server.root}/metrics").text)
