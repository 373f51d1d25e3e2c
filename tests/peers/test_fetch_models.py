"""Tests scripts/fetch_models.sh with a local hub that has the faults of real ones."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from fake_hub import COMMIT, FakeHub
from pytorch_snac import seeded_network
from programs import PROJECT
from snac_export.config import Config

MODEL, SNAC = "kenpath/svara-tts-v1", "hubertsiuzdak/snac_24khz"
TRY_AGAIN = 75


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hub")
    model, snac = root / "model", root / "snac"
    model.mkdir()
    snac.mkdir()
    (model / "config.json").write_text("{}")
    (model / "tokenizer.json").write_text('{"version":"1.0"}')
    (model / "model.safetensors").write_bytes(os.urandom(25_000_000))
    (model / "README.md").write_text("not asked for")
    config = PROJECT / "tests/models/snac-small.json"
    (snac / "config.json").write_text(config.read_text())
    torch.save(seeded_network(Config(**json.loads(config.read_text())), 1).state_dict(), snac / "pytorch_model.bin")
    return {MODEL: model, SNAC: snac}


@pytest.fixture
def hub(repositories: dict[str, Path]) -> FakeHub:
    return FakeHub(repositories)


class Fetch:
    """Runs the script for one hub, with a separate cache and models directory."""

    def __init__(self, url: str, directory: Path) -> None:
        self.models = directory / "models"
        self.cache = directory / "cache"
        self.environment = os.environ | {
            "HF_ENDPOINT": url,
            "HF_HOME": str(self.cache),
            "SVARA_MODELS": str(self.models),
            "FETCH_HUB_BACKOFF": "0",
        }
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "VLLM_MODEL"):
            self.environment.pop(name, None)

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROJECT / "scripts/fetch_models.sh", *arguments],
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def snapshot(self, repository: str) -> Path:
        return self.cache / "hub" / f"models--{repository.replace('/', '--')}" / "snapshots" / COMMIT


@pytest.fixture
def fetch(hub: FakeHub, tmp_path: Path) -> Iterator[Fetch]:
    with hub.serving() as url:
        yield Fetch(url, tmp_path)


def test_fetches_all_once(fetch: Fetch, hub: FakeHub, repositories: dict[str, Path]) -> None:
    first = fetch()
    assert first.returncode == 0, first.stderr
    weights = fetch.snapshot(MODEL) / "model.safetensors"
    assert weights.read_bytes() == (repositories[MODEL] / "model.safetensors").read_bytes()
    assert not (fetch.snapshot(MODEL) / "README.md").exists(), "only what is needed"
    assert (fetch.cache / "hub/models--kenpath--svara-tts-v1/refs/main").read_text() == COMMIT, "the server looks here"
    exported = {path.name for path in (fetch.models / "snac").iterdir()}
    assert exported == {"decoder_stream.onnx", "decoder_plain.onnx", "encoder.onnx"}
    assert not list(fetch.models.glob(".export*")), "no half exports"

    hub.requests.clear()
    second = fetch()
    assert second.returncode == 0, second.stderr
    assert hub.requests == [], "what is there and checked isn't asked for"


def test_takes_up_a_broken_download(fetch: Fetch, hub: FakeHub, repositories: dict[str, Path]) -> None:
    hub.break_after["model.safetensors"] = 15_000_000
    result = fetch()
    assert result.returncode == 0, result.stderr
    ranges = [r for r in hub.requests if r.startswith("GET") and "model.safetensors bytes=" in r]
    assert ranges and "bytes=0-" not in ranges[0], f"went on where it ended: {hub.requests}"
    weights = fetch.snapshot(MODEL) / "model.safetensors"
    assert weights.read_bytes() == (repositories[MODEL] / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_refuses_a_wrong_checksum(fetch: Fetch, hub: FakeHub, name: str) -> None:
    hub.corrupt.add(name)
    result = fetch()
    assert result.returncode == TRY_AGAIN, result.stderr
    assert name in result.stderr and "should be" in result.stderr
    assert not (fetch.snapshot(MODEL) / name).exists(), "a wrong file doesn't stay"

    hub.corrupt.clear()
    again = fetch()
    assert again.returncode == 0, again.stderr


def test_says_when_the_token_is_missing_or_wrong(fetch: Fetch, hub: FakeHub) -> None:
    hub.token = "hf_right"
    for token in ({}, {"HF_TOKEN": "hf_wrong"}):
        result = fetch(**token)
        assert result.returncode == 1, result.stderr
        assert "HF_TOKEN" in result.stderr and MODEL in result.stderr
        assert "hf_wrong" not in result.stderr
    assert fetch(HF_TOKEN="hf_right").returncode == 0


def test_tries_again_when_the_hub_is_busy_and_gives_up(fetch: Fetch, hub: FakeHub) -> None:
    hub.fail_next = 2
    assert fetch().returncode == 0

    down = fetch("--update", HF_ENDPOINT="http://127.0.0.1:9")
    assert down.returncode == TRY_AGAIN
    assert "http://127.0.0.1:9" in down.stderr


def test_offline_needs_what_was_fetched_before(fetch: Fetch, hub: FakeHub) -> None:
    before = fetch(HF_HUB_OFFLINE="1")
    assert before.returncode == 1
    assert "HF_HUB_OFFLINE" in before.stderr
    assert hub.requests == []

    assert fetch().returncode == 0
    hub.requests.clear()
    assert fetch("--update", HF_HUB_OFFLINE="1").returncode == 0
    assert hub.requests == []


def test_a_directory_is_left_as_it_is(fetch: Fetch, hub: FakeHub, tmp_path: Path) -> None:
    result = fetch(VLLM_MODEL=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert not any(MODEL in request for request in hub.requests)


@pytest.mark.parametrize("variable", [{"SVARA_FETCH": "tokenizer"}, {"SVARA_RUN_VLLM": "false"}])
def test_tokenizer_alone_for_a_server_without_vllm(fetch: Fetch, variable: dict[str, str]) -> None:
    result = fetch(**variable)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in fetch.snapshot(MODEL).iterdir()] == ["tokenizer.json"]
    assert (fetch.models / "snac/decoder_stream.onnx").is_file()


def test_the_model_alone_for_a_vllm_without_a_server(fetch: Fetch, hub: FakeHub) -> None:
    result = fetch(SVARA_RUN_SERVER="false")
    assert result.returncode == 0, result.stderr
    assert (fetch.snapshot(MODEL) / "model.safetensors").is_file()
    assert not any(SNAC in request for request in hub.requests)


def test_names_what_may_be_fetched(fetch: Fetch) -> None:
    result = fetch(SVARA_FETCH="weights")
    assert result.returncode == 1
    assert "all, model, snac, tokenizer" in result.stderr
