"""Peer: PyTorch `snac` 1.2.1. Compares the Rust decoder with the reference network at full size."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest

import pytorch_snac
from programs import PROJECT, program
from reference import CODEBOOK_SLOTS, CODES, SAMPLES_PER_FRAME, SLOTS
from snac_export.config import Config
from snac_export.models import decoder
from snac_export.weights import Weights

FRAMES = 20
SEED = 1
MAX_ERROR = 1e-4


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("snac-full")
    for kind in ("stream", "plain"):
        model = decoder(Config(), Weights(seed=SEED), stream=kind == "stream", noise=True)
        onnx.save(model, directory / f"decoder_{kind}.onnx")
    return directory


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """[frames, slots]"""
    return np.random.default_rng(7).integers(0, CODES, (FRAMES, SLOTS), dtype=np.uint16)


@pytest.fixture(scope="module")
def expected(frames: np.ndarray) -> np.ndarray:
    codes = [frames[:, slots].reshape(1, -1).astype(np.int64) for slots in CODEBOOK_SLOTS]
    return pytorch_snac.decode(pytorch_snac.seeded_network(Config(), SEED), codes)[0, 0]


@pytest.mark.parametrize("kind", ["stream", "plain"])
@pytest.mark.parametrize("hop", [1, 2, 7, 50])
def test_decodes_as_pytorch(graphs: Path, frames: np.ndarray, expected: np.ndarray, kind: str, hop: int) -> None:
    command = [program("examples/decode_codes"), graphs / f"decoder_{kind}.onnx", str(hop)]
    run = subprocess.run(command, input=frames.astype("<u2").tobytes(), capture_output=True, cwd=PROJECT, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    samples = np.frombuffer(run.stdout, "<f4")
    assert len(samples) == FRAMES * SAMPLES_PER_FRAME
    assert np.std(expected) > 0.01, "the reference is silent"
    error = np.abs(samples - expected).max()
    print(f"{kind}, hop {hop}: max error {error:.1e}")
    assert error < MAX_ERROR
