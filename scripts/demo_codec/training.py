"""Fits the codec to a directory of WAV files."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import numpy as np
import torch

from .corpus import read_wav
from .network import CODE_CHANNELS, CODES, FRAME, SAMPLE_RATE, STRIDES, Codec

SEGMENT, BATCH = 10 * FRAME, 8
LEARNING_RATE = 1.2e-3
DISCRETE_FROM, REFILL_UNTIL = 0.06, 0.85  # share of the training time
REFILL_STEPS, UNUSED = 300, 2e-4


def train(wavs: Path, checkpoint: Path, minutes: float) -> None:
    """Trains for that time; starts without quantisation, so that the codebooks start from latents that occur."""
    torch.manual_seed(0)
    segments = Segments(wavs)
    codec, start, step, discrete = Codec(), time.time(), 0, False
    usage = [torch.zeros(CODES) for _ in STRIDES]
    optimizer = torch.optim.AdamW(codec.parameters(), lr=LEARNING_RATE, betas=(0.8, 0.99), weight_decay=0)
    while (progress := (time.time() - start) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress)
        if progress > DISCRETE_FROM and not discrete:
            refill(codec, segments, usage, everything=True)
            discrete = True
        x = segments.batch()
        latents, commitment, codes = codec.quantize(codec.encoder(x), discrete)
        y = codec.decoder(latents)
        loss = spectral_loss(y, x) + 3 * (y - x).abs().mean() + commitment
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(codec.parameters(), 2.0)
        optimizer.step()
        for used, index in zip(usage, codes, strict=False):  # no codes before quantisation starts
            used.mul_(0.995).add_(torch.bincount(index.flatten(), minlength=CODES) * 0.005)
        step += 1
        if discrete and step % REFILL_STEPS == 0 and progress < REFILL_UNTIL:
            refill(codec, segments, usage, everything=False)
        if step % 200 == 0:
            print(f"{progress:6.1%} step {step} loss {loss.item():.3f}", flush=True)
            torch.save(codec.state_dict(), checkpoint)
    torch.save(codec.state_dict(), checkpoint)


class Segments:
    """Random segments of the corpus with random loudness."""

    def __init__(self, wavs: Path) -> None:
        self.rng = random.Random(0)
        self.audio = torch.cat([read_wav(path) for path in sorted(wavs.glob("*.wav"))])

    def batch(self) -> torch.Tensor:
        starts = [self.rng.randrange(len(self.audio) - SEGMENT) for _ in range(BATCH)]
        x = torch.stack([self.audio[start : start + SEGMENT] for start in starts]).float() / 32768
        return (x * torch.empty(BATCH, 1).uniform_(0.5, 1.3)).clamp(-1, 1).unsqueeze(1)


def learning_rate(step: int, progress: float) -> float:
    warm_up = min(1, step / 200 + 0.01)
    return LEARNING_RATE * warm_up * (0.5 * (1 + math.cos(math.pi * progress)) * 0.97 + 0.03)


@torch.no_grad()
def refill(codec: Codec, segments: Segments, usage: list[torch.Tensor], everything: bool) -> None:
    """Replaces unused codebook entries (or all of them) by latents that occur in the corpus."""
    pools: list[list[torch.Tensor]] = [[] for _ in STRIDES]
    for _ in range(24):
        residual = codec.encoder(segments.batch())
        for pool, quantizer in zip(pools, codec.quantizers, strict=True):
            z = quantizer.squeeze(residual)
            pool.append(z.permute(0, 2, 1).reshape(-1, CODE_CHANNELS))
            residual = residual - quantizer.restore(z if everything else quantizer.nearest(z)[0])
    for pool, quantizer, used in zip(pools, codec.quantizers, usage, strict=True):
        latents = torch.cat(pool)
        dead = torch.ones(CODES, dtype=torch.bool) if everything else used < UNUSED
        if count := int(dead.sum()):
            noise = 0.01 * latents.std() * torch.randn(count, CODE_CHANNELS)
            quantizer.codebook.weight.data[dead] = latents[torch.randint(len(latents), (count,))] + noise
            used[dead] = 0.01


def mel_bank(n_fft: int, bands: int) -> torch.Tensor:
    """Triangular filters [bands, n_fft / 2 + 1], evenly spaced in mel."""
    top = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    edges = [700 * (10 ** (mel / 2595) - 1) for mel in np.linspace(0, top, bands + 2)]
    hertz = np.linspace(0, SAMPLE_RATE / 2, n_fft // 2 + 1)
    rows = [
        np.maximum(0, np.minimum((hertz - low) / (centre - low + 1e-9), (high - hertz) / (high - centre + 1e-9)))
        for low, centre, high in zip(edges, edges[1:], edges[2:], strict=False)
    ]
    return torch.tensor(np.array(rows), dtype=torch.float32)


SCALES = [(n, torch.hann_window(n), mel_bank(n, k)) for n, k in ((2048, 80), (1024, 64), (512, 40), (240, 20))]


def spectral_loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Log-mel distance and spectral convergence, averaged over four window lengths."""
    total = torch.zeros(())
    for n, window, bank in SCALES:
        a, b = (torch.stft(s.squeeze(1), n, n // 4, window=window, return_complex=True).abs() for s in (x, y))
        log_mel = (torch.log(bank @ a + 1e-3) - torch.log(bank @ b + 1e-3)).abs().mean()
        total = total + log_mel + 0.3 * (a - b).norm() / (b.norm() + 1e-3)
    return total / len(SCALES)
