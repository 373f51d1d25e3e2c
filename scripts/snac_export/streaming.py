"""Runs the stream decoder as a server does, and compares it with the plain decoder. Needs onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def window(signal: np.ndarray, start: int, count: int, outside: float) -> np.ndarray:
    """signal[start : start + count], with `outside` where that lies beyond its ends."""
    index = np.arange(start, start + count)
    inside = (index >= 0) & (index < len(signal))
    return np.where(inside, signal[np.clip(index, 0, len(signal) - 1)], outside).astype(signal.dtype)


def stream_batch(session: Any, hop: int, starts: list[int], codes: list[Any], noise: list[Any]) -> list[np.ndarray]:
    """Audio of utterances codes[b][level] with noise[b][i], `hop` frames a call, row b joining at call starts[b]."""
    about = session.get_modelmeta().custom_metadata_map
    strides = [int(s) for s in about["vq_strides"].split(",")]
    latents, samples, delay = strides[0], int(about["samples_per_frame"]), int(about["delay_samples"])
    shifts = [(int(about[f"noise_rate.{i}"]), int(about[f"noise_delay.{i}"])) for i in range(len(noise[0]))]
    frames = [len(row[0]) for row in codes]
    kind = np.float16 if about.get("precision") == "float16" else np.float32
    state = np.zeros((len(codes), int(about["state_len"])), kind)
    audio = []
    lengths = (-(-(n * samples + delay) // (hop * samples)) for n in frames)
    for call in range(max(start + n for start, n in zip(starts, lengths, strict=True))):
        state[[start == call for start in starts]] = 0  # before its start, the content of a row doesn't matter
        fed = [max(0, call - start) * hop for start in starts]
        feed = {
            "pos": np.array(fed) * latents,
            "total": np.array([n * latents if at + hop > n else 1 << 40 for at, n in zip(fed, frames, strict=True)]),
            "state": state,
        }
        for level, k in enumerate(latents // s for s in strides):
            rows = [window(row[level], at * k, hop * k, 1) for row, at in zip(codes, fed, strict=True)]
            feed[f"audio_codes.{level}"] = np.stack(rows)
        for i, (rate, lag) in enumerate(shifts):
            starts_at = [at * latents * rate - lag for at in fed]
            rows = [window(row[i], at, hop * latents * rate, 5) for row, at in zip(noise, starts_at, strict=True)]
            feed[f"noise.{i}"] = np.stack(rows)[:, None]
        chunk, state = session.run(["audio_values", "new_state"], feed)
        audio.append(chunk[:, 0])
    joined = [np.concatenate([c[b] for c in audio[start:]]) for b, start in enumerate(starts)]
    return [row[delay : delay + n * samples] for row, n in zip(joined, frames, strict=True)]


def verify(out: Path) -> None:
    """Decodes random codes with both graphs and compares; needs onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    plain, stream = (
        onnxruntime.InferenceSession(out / f"decoder_{kind}.onnx", options, providers=["CPUExecutionProvider"])
        for kind in ("plain", "stream")
    )
    about = stream.get_modelmeta().custom_metadata_map
    strides = [int(s) for s in about["vq_strides"].split(",")]
    rates = [int(about[key]) for key in sorted(about) if key.startswith("noise_rate.")]
    rng = np.random.default_rng(0)
    starts, frames = [0, 0, 1, 0, 2], [1, 2, 3, 9, 5]
    codes = [[rng.integers(0, int(about["codebook_size"]), n * strides[0] // s) for s in strides] for n in frames]
    noise = [[rng.standard_normal(n * strides[0] * r).astype(np.float32) for r in rates] for n in frames]
    expected = []
    for row, draws in zip(codes, noise, strict=True):
        feed = {f"audio_codes.{i}": c[None] for i, c in enumerate(row)}
        feed |= {f"noise.{i}": d[None, None] for i, d in enumerate(draws)}
        expected.append(plain.run(None, feed)[0][0, 0])
    print(f"audio std {np.std(np.concatenate(expected)):.3f}")
    for hop in (1, 2, 3, 7):
        heard = stream_batch(stream, hop, starts, codes, noise)
        errors = [float(np.abs(x - y).max()) for x, y in zip(heard, expected, strict=True)]
        print(f"hop {hop}: frames {frames}, max abs error", *(f"{e:.1e}" for e in errors))
        if max(errors) >= 1e-4:
            raise SystemExit("the streaming decoder differs from the plain one")
    half = out / "decoder_stream_fp16.onnx"
    if half.exists():
        session = onnxruntime.InferenceSession(half, options, providers=["CPUExecutionProvider"])
        heard = np.concatenate(stream_batch(session, 1, starts, codes, noise))
        print(f"16-bit floats: {decibels(np.concatenate(expected), heard):.1f} dB between signal and error")


def decibels(exact: np.ndarray, other: np.ndarray) -> float:
    """Signal to noise."""
    return float(10 * np.log10(np.square(exact).sum() / np.square(exact - other).sum()))
