"""Writes a trained codec as encoder.onnx and decoder.onnx and checks them against torch.

The server knows these files by the beginning of their `doc_string` (`crates/svara-snac/src/native/demo/load.rs`).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch

from .network import CODES, FRAME, SAMPLE_RATE, STRIDES, Codec

NAMES = [f"audio_codes.{level}" for level in range(len(STRIDES))]
CODES_PER_FRAME = [STRIDES[0] // stride for stride in STRIDES]


class Decode(Codec):
    def forward(self, *codes: torch.Tensor) -> torch.Tensor:
        return self.decode(list(codes))


class Encode(Codec):
    def forward(self, audio: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.quantize(self.encoder(audio))[2])


def export(checkpoint: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    state = torch.load(checkpoint)
    decoder, encoder = Decode(), Encode()
    for module in (decoder, encoder):
        module.load_state_dict(state)
        module.eval()
    codes = tuple(torch.randint(0, CODES, (2, 6 * k)) for k in CODES_PER_FRAME)
    audio = torch.randn(2, 1, 6 * FRAME)
    axes = {name: {0: "batch", 1: f"frames_x{k}"} for name, k in zip(NAMES, CODES_PER_FRAME, strict=True)}
    signal = {0: "batch", 2: "samples"}
    write(decoder, codes, out / "decoder.onnx", NAMES, ["audio_values"], axes | {"audio_values": signal}, "plain")
    write(encoder, (audio,), out / "encoder.onnx", ["audio"], NAMES, axes | {"audio": signal}, "encoder")
    check(decoder, out)


def write(
    module: Codec,
    example: tuple[torch.Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    kind: str,
) -> None:
    import onnx

    names = {"input_names": inputs, "output_names": outputs, "dynamic_axes": axes}
    torch.onnx.export(module, example, path, **names, opset_version=17, dynamo=False)
    model = onnx.load(path)
    about = {
        "kind": kind,
        "sample_rate": SAMPLE_RATE,
        "samples_per_frame": FRAME,
        "context_frames": 3,
        "codebook_size": CODES,
    }
    for key, value in about.items():
        model.metadata_props.add(key=key, value=str(value))
    model.doc_string = "svara demo codec: SNAC token layout, trained on synthetic speech"
    onnx.save(model, path)


def check(codec: Codec, out: Path) -> None:
    """Encodes and decodes a tone with torch and with the files."""
    import onnxruntime

    decode, encode = (onnxruntime.InferenceSession(out / f"{name}.onnx") for name in ("decoder", "encoder"))
    tone = (0.3 * torch.sin(torch.arange(20 * FRAME) * 2 * math.pi * 220 / SAMPLE_RATE))[None, None]
    codes = encode.run(None, {"audio": tone.numpy()})
    if any((a != b.numpy()).any() for a, b in zip(codes, codec.encode(tone), strict=True)):
        raise SystemExit("encoder.onnx differs from torch")
    audio = decode.run(None, dict(zip(NAMES, codes, strict=True)))[0]
    error = np.abs(audio - codec.decode([torch.tensor(c) for c in codes]).detach().numpy()).max()
    if audio.shape[-1] != 20 * FRAME or error >= 1e-4:
        raise SystemExit(f"decoder.onnx differs from torch: shape {audio.shape}, max error {error:.1e}")
    print(f"exported; max error against torch {error:.1e}")
