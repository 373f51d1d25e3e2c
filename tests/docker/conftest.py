"""Uses the images that scripts/test-docker.sh builds. Reports sizes and times at the end."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest
import torch

from pytorch_snac import seeded_network
from reference import MODELS
from snac_export.config import Config
from stack import PROJECT, REPORT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORT:
        terminalreporter.section("measured")
        for what, value in REPORT:
            terminalreporter.write_line(f"{what:<58} {value}")


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SVARA_IMAGE", "SVARA_SERVER_IMAGE", "SVARA_TOOLS_IMAGE")}


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the hub serves: the tiny checkpoint as the model, and a small SNAC with random weights."""
    directory = tmp_path_factory.mktemp("hub")
    shutil.copytree(MODELS / "tiny-svara", directory / "model")
    shutil.copy(PROJECT / "tests/peers/fake_hub.py", directory)
    snac = directory / "snac"
    snac.mkdir()
    config = (PROJECT / "tests/models/snac-small.json").read_text()
    (snac / "config.json").write_text(config)
    torch.save(seeded_network(Config(**json.loads(config)), 1).state_dict(), snac / "pytorch_model.bin")
    # The container's user reads it through a mount.
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for parent in directory.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    return directory


@pytest.fixture(scope="session")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def variables(images: dict[str, str], hub: Path, port: int) -> dict[str, str]:
    """The settings that `.env` would have on a machine without a GPU."""
    return {
        **images,
        "HUB_DIRECTORY": str(hub),
        "API_PORT": str(port),
        "API_PORTS": str(port),
        "TTS_DEVICE": "cpu",
        "VLLM_DTYPE": "float32",
        "VLLM_EXTRA_ARGS": "--enforce-eager",
        "VLLM_GPUS_PER_REPLICA": "1",
    }
