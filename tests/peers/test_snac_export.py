"""Peer: PyTorch `snac` 1.2.1. The graphs of scripts/export_snac.py equal the reference network, also at full size."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import snac
import torch

import pytorch_snac
from programs import PROJECT
from reference import onnx_session
from snac_export.config import Config
from snac_export.models import decoder, encoder
from snac_export.streaming import decibels, stream_batch
from snac_export.weights import Weights, read_checkpoint

CONFIGS = {
    "full-24kHz": Config(),
    "small-24kHz": Config.read(PROJECT / "tests/models/snac-small.json"),
    "odd-strides-dense": Config(
        encoder_dim=4,
        encoder_rates=(2, 3, 5),
        latent_dim=32,
        decoder_dim=32,
        decoder_rates=(5, 3, 2),
        codebook_size=100,
        codebook_dim=6,
        vq_strides=(2, 1),
        depthwise=False,
    ),
    "no-noise-strides-8-4-2": Config(
        encoder_dim=4,
        encoder_rates=(3, 3, 7),
        decoder_dim=32,
        decoder_rates=(7, 3, 3),
        codebook_size=100,
        vq_strides=(8, 4, 2),
        noise=False,
    ),
}

MAX_ERROR = 2e-5  # for samples in -1..1: float32 rounding over about a hundred layers
Arrays = list[np.ndarray]


class Codec:
    """One codec with seeded weights: its graphs in ONNX Runtime and the reference in PyTorch."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.weights = Weights(seed=5)
        self.models = graphs(config, self.weights)
        self.reference = pytorch_snac.network(config, self.weights)

    @functools.cache  # noqa: B019 - at most one entry for each graph
    def session(self, name: str) -> Any:
        return onnx_session(self.models[name].SerializeToString())

    def inputs(self, batch: int, frames: int) -> tuple[Arrays, Arrays]:
        """Random codes, and noise for the layers that use it."""
        rng = np.random.default_rng(frames)
        latents = frames * self.config.vq_strides[0]
        size = self.config.codebook_size
        codes = [rng.integers(0, size, (batch, latents // stride)) for stride in self.config.vq_strides]
        rates = np.cumprod(self.config.decoder_rates) if self.config.noise else []
        return codes, [rng.standard_normal((batch, 1, latents * r)).astype(np.float32) for r in rates]

    def decode(self, graph: str, codes: Arrays, noise: Arrays) -> np.ndarray:
        feed = {f"audio_codes.{i}": c for i, c in enumerate(codes)} | {f"noise.{i}": n for i, n in enumerate(noise)}
        return self.session(graph).run(None, feed)[0]


def graphs(config: Config, weights: Weights) -> dict[str, onnx.ModelProto]:
    return {
        "plain": decoder(config, weights, stream=False, noise=config.noise),
        "stream": decoder(config, weights, stream=True, noise=config.noise),
        "quiet plain": decoder(config, weights, stream=False, noise=False),
        "quiet stream": decoder(config, weights, stream=True, noise=False),
        "encoder": encoder(config, weights),
    }


@pytest.fixture(scope="module", params=CONFIGS.values(), ids=CONFIGS.keys())
def codec(request: pytest.FixtureRequest) -> Codec:
    torch.set_num_threads(2)
    return Codec(request.param)


@pytest.fixture(scope="module")
def small() -> Codec:
    return Codec(CONFIGS["small-24kHz"])


def test_graphs_are_valid_onnx(codec: Codec) -> None:
    for model in codec.models.values():
        onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize(("batch", "frames"), [(1, 1), (1, 4), (3, 7), (1, 30)])
def test_plain_decoder_equals_pytorch(codec: Codec, batch: int, frames: int) -> None:
    codes, noise = codec.inputs(batch, frames)
    zeros = [0 * n for n in noise]
    expected = pytorch_snac.decode(codec.reference, codes)
    assert 0.02 < expected.std() < 0.6, "the random weights give no useful signal"
    np.testing.assert_allclose(codec.decode("quiet plain", codes, []), expected, rtol=0, atol=MAX_ERROR)
    if noise:
        loud = pytorch_snac.decode(codec.reference, codes, noise)
        assert np.abs(loud - expected).max() > 0.01, "noise has no effect"
        np.testing.assert_allclose(codec.decode("plain", codes, noise), loud, rtol=0, atol=MAX_ERROR)
        same = codec.decode("plain", codes, zeros) == codec.decode("quiet plain", codes, [])
        assert same.all(), "zero noise isn't the decoder without noise, bit for bit"


def test_16_bit_floats_are_nearly_the_same() -> None:
    """The 24 kHz codec at full size. On a CPU, ONNX Runtime doesn't round between all operators."""
    codec = Codec(Config())
    rows = [codec.inputs(1, n) for n in (12, 9)]
    codes = [[level[0] for level in row[0]] for row in rows]
    noise = [[layer[0, 0] for layer in row[1]] for row in rows]
    half = onnx_session(decoder(codec.config, codec.weights, stream=True, noise=True, half=True).SerializeToString())
    exact, rounded = (
        np.concatenate(stream_batch(session, 1, [0, 0], codes, noise)) for session in (codec.session("stream"), half)
    )
    assert 50 < decibels(exact, rounded) < 70


@pytest.mark.parametrize("kind", ["quiet", "noisy"])
@pytest.mark.parametrize("hop", [1, 2, 7, 20])
def test_stream_decoder_equals_pytorch(codec: Codec, kind: str, hop: int) -> None:
    """Streams of different lengths join a batch at different calls."""
    if kind == "noisy" and not codec.config.noise:
        pytest.skip("this configuration has no noise")
    starts, frames = [0, 0, 1, 0, 2], [1, 2, 3, 9, 5]
    rows = [codec.inputs(1, n) for n in frames]
    codes = [[level[0] for level in row[0]] for row in rows]
    noise = [[layer[0, 0] for layer in row[1]] if kind == "noisy" else [] for row in rows]
    session = codec.session("stream" if kind == "noisy" else "quiet stream")
    heard = stream_batch(session, hop, starts, codes, noise)
    for (row_codes, draws), samples, n in zip(rows, heard, frames, strict=True):
        assert len(samples) == n * codec.config.samples_per_frame
        expected = pytorch_snac.decode(codec.reference, row_codes, draws if kind == "noisy" else None)[0, 0]
        np.testing.assert_allclose(samples, expected, rtol=0, atol=MAX_ERROR)


def signals(config: Config) -> dict[str, np.ndarray]:
    n, rng = 5 * config.samples_per_frame, np.random.default_rng(3)
    t = np.arange(n) / config.sampling_rate
    return {
        "chirp": 0.4 * np.sin(2 * np.pi * (150 + 900 * t) * t)[None],
        "noise, batch of 2": 0.1 * rng.standard_normal((2, n)),
        "not whole frames": 0.3 * np.sin(2 * np.pi * 220 * t)[None, : n - 77],
        "13 samples": 0.3 * rng.standard_normal((1, 13)),
        "faint": 1e-4 * rng.standard_normal((1, n)),
        "clipped steps": np.sign(np.sin(2 * np.pi * 60 * t))[None],
    }


def test_encoder_gives_pytorchs_codes(codec: Codec) -> None:
    for name, signal in signals(codec.config).items():
        audio = signal[:, None].astype(np.float32)
        with torch.no_grad():
            expected = [c.numpy() for c in codec.reference.encode(torch.from_numpy(audio))]
        got = codec.session("encoder").run(None, {"audio": audio})
        for level, (ours, theirs) in enumerate(zip(got, expected, strict=True)):
            np.testing.assert_array_equal(ours, theirs, f"{name}, codebook {level}")


def state_dicts(reference: snac.SNAC) -> dict[str, dict[str, torch.Tensor]]:
    """The formats in which torch writes the same weights."""
    state = reference.state_dict()
    new = "parametrizations.weight.original"
    return {
        "state dict": state,
        "weight_g and weight_v": {
            name.replace(f"{new}0", "weight_g").replace(f"{new}1", "weight_v"): value for name, value in state.items()
        },
        "strided parameters": {
            name: torch.nn.Parameter(value.repeat_interleave(2, -1)[..., ::2]) for name, value in state.items()
        },
        "float64": {name: value.double() for name, value in state.items()},
    }


@pytest.mark.parametrize("form", ["state dict", "weight_g and weight_v", "strided parameters", "float64"])
def test_checkpoint_gives_the_same_graphs(small: Codec, form: str, tmp_path: Path) -> None:
    expect_same_graphs(small, state_dicts(small.reference)[form], tmp_path)


def test_checkpoint_of_any_configuration_gives_the_same_graphs(codec: Codec, tmp_path: Path) -> None:
    expect_same_graphs(codec, codec.reference.state_dict(), tmp_path)


def expect_same_graphs(codec: Codec, state: Any, directory: Path) -> None:
    save_checkpoint(directory, codec.config, state)
    weights = Weights(read_checkpoint(directory / "pytorch_model.bin"))
    again = graphs(Config.read(directory / "config.json"), weights)
    for name, model in codec.models.items():
        assert again[name].SerializeToString() == model.SerializeToString(), name


def test_command_line_exports_a_checkpoint(small: Codec, tmp_path: Path) -> None:
    """The exported files decode like PyTorch."""
    save_checkpoint(tmp_path / "checkpoint", small.config, small.reference.state_dict())
    result = export_snac("--checkpoint", tmp_path / "checkpoint", "--out", tmp_path / "out", "--verify")
    assert result.returncode == 0, result.stderr
    assert "max abs error" in result.stdout
    codes, noise = small.inputs(1, 6)
    feed = {f"audio_codes.{i}": c for i, c in enumerate(codes)} | {f"noise.{i}": n for i, n in enumerate(noise)}
    heard = onnx_session(tmp_path / "out/decoder_plain.onnx").run(None, feed)[0]
    expected = pytorch_snac.decode(small.reference, codes, noise)
    np.testing.assert_allclose(heard, expected, rtol=0, atol=MAX_ERROR)
    about = onnx_session(tmp_path / "out/decoder_stream.onnx").get_modelmeta().custom_metadata_map
    assert about["kind"] == "stream" and about["samples_per_frame"] == "2048" and about["delay_samples"] == "4757"


class Shell:
    """Unpickled by torch.load with weights_only=False, this would run a command."""

    def __init__(self, command: str = "exit 1") -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


REFUSED: dict[str, Callable[[snac.SNAC], Any]] = {
    "os.system": lambda _: {"x": Shell()},
    "functools.partial": lambda _: {"x": functools.partial(print)},
    "numpy array": lambda _: {"x": np.zeros(3)},
    "int64 tensor": lambda _: {"x": torch.zeros(3, dtype=torch.int64)},
    "not a tensor": lambda _: {"x": 3},
    "a list": lambda _: [torch.zeros(4)],
    "missing weights": lambda net: {k: v for k, v in net.state_dict().items() if "parametrizations" not in k},
}


@pytest.mark.parametrize("what", REFUSED)
def test_checkpoint_is_refused(small: Codec, what: str, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, small.config, REFUSED[what](small.reference))
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        encoder(small.config, Weights(read_checkpoint(tmp_path / "pytorch_model.bin")))


def test_command_in_a_checkpoint_does_not_run(small: Codec, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, small.config, {"x": Shell(f"touch {tmp_path}/ran")})
    result = export_snac("--checkpoint", tmp_path, "--out", tmp_path / "out")
    assert result.returncode == 1
    assert "refused: the checkpoint asks for posix.system" in result.stderr
    assert not (tmp_path / "ran").exists()


def test_legacy_checkpoint_is_refused(small: Codec, tmp_path: Path) -> None:
    path = tmp_path / "old.bin"
    torch.save(dict(small.reference.state_dict()), path, _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="not a torch checkpoint in zip format"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("field", "intact", "forged"), [("shape", b"K\x04\x85", b"K\x7f\x85"), ("offset", b"QK\x00", b"QK\x01")]
)
def test_tensor_beyond_its_storage_is_refused(field: str, intact: bytes, forged: bytes, tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(4)}, tmp_path / "intact.bin")
    assert read_checkpoint(tmp_path / "intact.bin")["x"].shape == (4,)
    with zipfile.ZipFile(tmp_path / "intact.bin") as source, zipfile.ZipFile(tmp_path / "forged.bin", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                assert intact in data, f"torch writes the {field} otherwise now"
                data = data.replace(intact, forged)
            target.writestr(name, data)
    with pytest.raises(ValueError, match="lies outside its storage"):
        read_checkpoint(tmp_path / "forged.bin")


@pytest.mark.parametrize(
    "damage",
    [
        lambda name, data: None if name.endswith("data/0") else data,
        lambda name, data: data[: len(data) // 2] if name.endswith("data.pkl") else data,
        lambda name, data: b"." if name.endswith("data.pkl") else data,
        lambda name, data: b"(K\x01o." if name.endswith("data.pkl") else data,
    ],
    ids=["no data", "cut", "an empty stack", "an object of a number"],
)
def test_a_damaged_checkpoint_is_an_error_in_words(damage: Callable[[str, bytes], Any], tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(4)}, tmp_path / "intact.bin")
    damaged = tmp_path / "damaged.bin"
    with zipfile.ZipFile(tmp_path / "intact.bin") as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            data = damage(name, source.read(name))
            if data is not None:
                target.writestr(name, data)
    with pytest.raises((ValueError, pickle.UnpicklingError)):
        read_checkpoint(damaged)


def test_a_tensor_is_no_larger_than_what_is_stored(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1).expand(100)}, tmp_path / "wide.bin")
    with pytest.raises(ValueError, match="lies outside its storage"):
        read_checkpoint(tmp_path / "wide.bin")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decoder_rates", "842"),
        ("codebook_size", [4096]),
        ("noise", 1),
        ("vq_strides", [4, 0, 1]),
        ("encoder_dim", None),
    ],
)
def test_a_value_of_another_type_is_named(key: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(dataclasses.asdict(Config()) | {key: value}))
    with pytest.raises(ValueError, match=key):
        Config.read(path)
    path.write_text(json.dumps(dataclasses.asdict(Config())))
    assert Config.read(path) == Config()


def save_checkpoint(directory: Path, config: Config, state: Any) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "config.json").write_text(json.dumps(dataclasses.asdict(config)))
    torch.save(state, directory / "pytorch_model.bin")


def export_snac(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, PROJECT / "scripts/export_snac.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)
