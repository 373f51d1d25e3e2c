"""Saved voices: two replicas that share an S3 server, and a directory whose writer is killed in mid-write."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import StartServer
from processes import wait_until
from recordings import in_base64, recording
from reference import MODELS
from s3_peer import S3
from server_peer import Server, Settings, settings_for_vllm

BUCKET, PREFIX = "voices", "team/a"
# Saving voices needs no engine; a request with an existing voice fails later, at the engine.
NO_ENGINE = "http://127.0.0.1:9/v1"


def settings(store: str) -> Settings:
    base = settings_for_vllm(NO_ENGINE)
    base["cloning"] = {"encoder": str(MODELS / "snac-small/encoder.onnx")}
    base["voices"] = {"store": store, "revalidate_seconds": 0.0, "max_kept": 100_000}
    return base


def make_voice(server: Server, name: str = "Asha") -> dict[str, Any]:
    fields = {"name": name, "audio": in_base64(recording()), "transcript": "aah", "consent": True}
    response = httpx.post(f"{server.root}/v1/voices", json=fields, timeout=30)
    assert response.status_code == 201, response.text
    return response.json()


def kept_ids(server: Server) -> set[str]:
    voices = httpx.get(f"{server.root}/v1/voices", timeout=30).json()["voices"]
    return {voice["voice_id"] for voice in voices if "created_unix_s" in voice}


def speak(server: Server, voice: str) -> tuple[int, str]:
    response = httpx.post(f"{server.root}/v1/text-to-speech", json={"text": "hello", "voice": voice}, timeout=30)
    return response.status_code, response.json()["error"]["type"]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    peer = S3(tmp_path / "moto.log")
    peer.make_bucket(BUCKET)
    yield peer
    peer.kill()


@pytest.fixture
def replicas(s3: S3, start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> tuple[Server, Server]:
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    store = settings(f"s3://{BUCKET}/{PREFIX}")
    return start_server(store, ready=False), start_server(store, ready=False)


def test_replicas_share_voices_through_s3(s3: S3, replicas: tuple[Server, Server]) -> None:
    here, there = replicas
    made = make_voice(here)
    voice = made["voice_id"]
    assert kept_ids(there) == {voice}
    assert httpx.get(f"{there.root}/v1/voices/{voice}", timeout=30).json() == made
    assert speak(there, voice) == (503, "engine_unreachable"), "the voice was found"
    assert speak(there, "0" * 32) == (404, "unknown_voice")
    keys = [item["Key"] for item in s3.client().list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == [f"{PREFIX}/voices/{voice}"], "one object for each voice, below the prefix"
    assert httpx.delete(f"{here.root}/v1/voices/{voice}", timeout=30).status_code == 200
    assert speak(there, voice) == (404, "unknown_voice")
    assert kept_ids(there) == set()


def test_a_damaged_object_is_told_of_and_hides_no_other(s3: S3, replicas: tuple[Server, Server]) -> None:
    here, there = replicas
    broken, whole = make_voice(here)["voice_id"], make_voice(here)["voice_id"]
    key = f"{PREFIX}/voices/{broken}"
    body = s3.client().get_object(Bucket=BUCKET, Key=key)["Body"].read()
    for damaged in (body[: len(body) // 2], body[:-1] + b"x", b"", b"\0" * (3 << 20)):
        s3.client().put_object(Bucket=BUCKET, Key=key, Body=damaged)
        assert speak(there, broken) == (500, "voice_damaged")
        assert kept_ids(there) == {whole}
    assert httpx.delete(f"{there.root}/v1/voices/{broken}", timeout=30).status_code == 200


def test_storage_that_is_down_is_a_503_and_other_voices_speak(s3: S3, replicas: tuple[Server, Server]) -> None:
    here, _ = replicas
    voice = make_voice(here)["voice_id"]
    s3.kill()
    assert speak(here, voice) == (503, "store_unavailable")
    fields = {"name": "b", "audio": in_base64(recording()), "consent": True}
    response = httpx.post(f"{here.root}/v1/voices", json=fields, timeout=60)
    assert (response.status_code, response.json()["error"]["type"]) == (503, "store_unavailable")
    assert "retry-after" in response.headers
    assert speak(here, "hi_female") == (503, "engine_unreachable"), "the model's own voices need no storage"


def test_kill_9_while_voices_are_written_loses_none_that_was_promised(
    start_server: StartServer, tmp_path: Path
) -> None:
    """Several rounds in one directory; each ends with kill -9 at some point during many writes."""
    chance, store = random.Random(7), tmp_path / "voices"
    promised: set[str] = set()
    for _ in range(4):
        server = Server(tmp_path, settings(str(store)))
        server.wait_listening()

        def write(name: int, server: Server = server) -> str | None:
            try:
                return make_voice(server, str(name))["voice_id"]
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                return None  # it was killed; a write that takes too long isn't

        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(write, number) for number in range(200)]
            wait_until("two are written", lambda: sum(done.done() for done in writing) >= 2)
            time.sleep(chance.uniform(0.0, 0.4))
            server.service.kill()
            # Those that haven't begun say nothing.
            pool.shutdown(cancel_futures=True)
            answers = {done.result() for done in writing if not done.cancelled()}
        assert None in answers, "it was killed while voices were being written"
        promised |= answers - {None}
    assert len(promised) >= 8
    server = start_server(settings(str(store)), ready=False)
    ids = kept_ids(server)
    assert promised <= ids, "a voice that was answered for is there"
    for voice in ids:
        assert speak(server, voice) == (503, "engine_unreachable"), "what is listed is whole"
    assert "can't be read" not in server.service.log.read_text(), "nothing half-written is taken for a voice"
