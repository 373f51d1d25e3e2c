"""The codec's network. Signals are [batch, channels, time].

The server runs it in code of its own (`crates/svara-snac/src/native/demo/`), which follows these layers and takes the weights by
their names here: change both together.
"""

from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

SAMPLE_RATE, FRAME = 24_000, 2048
HOP, N_FFT = 128, 512  # of analysis and synthesis; 4 hops are one latent, 512 samples
BINS = N_FFT // 2 + 1
CHANNELS, CODES, CODE_CHANNELS = 160, 4096, 8
STRIDES = (4, 2, 1)  # latents per code, for each codebook


class Codec(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.quantizers = nn.ModuleList(Quantizer(stride) for stride in STRIDES)

    def quantize(
        self, latents: torch.Tensor, discrete: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """Quantised latents, commitment loss, codes for each codebook."""
        residual, total, loss, codes = latents, torch.zeros(()), torch.zeros(()), []
        for quantizer in self.quantizers:
            z = quantizer.squeeze(residual)
            if discrete:
                chosen, index = quantizer.nearest(z)
                codes.append(index)
                loss = loss + 0.25 * F.mse_loss(z, chosen.detach()) + F.mse_loss(chosen, z.detach())
                z = z + (chosen - z).detach()
            step = quantizer.restore(z)
            total, residual = total + step, residual - step
        return total, loss, codes

    def encode(self, audio: torch.Tensor) -> list[torch.Tensor]:
        return self.quantize(self.encoder(F.pad(audio, (0, -audio.shape[-1] % FRAME))))[2]

    def decode(self, codes: list[torch.Tensor]) -> torch.Tensor:
        levels = zip(self.quantizers, codes, strict=True)
        return self.decoder(sum(q.restore(q.codebook(index).permute(0, 2, 1)) for q, index in levels))


class Encoder(nn.Module):
    """audio [B, 1, N] -> latents [B, CHANNELS, N / 512]"""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("dft", torch.cat(dft_basis()) / 16)
        self.input, self.norm = nn.Conv1d(3 * BINS, CHANNELS, 3, padding=1), ChannelNorm()
        self.fast, self.down = nn.Sequential(Block(), Block()), nn.Conv1d(CHANNELS, CHANNELS, 8, 4, 2)
        self.slow = nn.Sequential(Block(), Block(), ChannelNorm())

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        pad = (N_FFT - HOP) // 2
        real, imaginary = F.conv1d(F.pad(audio, (pad, pad)), self.dft, stride=HOP).chunk(2, 1)
        magnitude = torch.sqrt(real * real + imaginary * imaginary + 1e-6)
        scale = magnitude + 1e-2
        features = torch.cat([torch.log(scale), real / scale, imaginary / scale], 1)
        return self.slow(self.down(self.fast(self.norm(self.input(features)))))


class Quantizer(nn.Module):
    """One codebook, looked up every `stride` latents."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride, self.project = stride, nn.Conv1d(CHANNELS, CODE_CHANNELS, 1)
        self.codebook, self.expand = nn.Embedding(CODES, CODE_CHANNELS), nn.Conv1d(CODE_CHANNELS, CHANNELS, 1)

    def squeeze(self, latents: torch.Tensor) -> torch.Tensor:
        return self.project(F.avg_pool1d(latents, self.stride, self.stride) if self.stride > 1 else latents)

    def nearest(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The nearest entry has the largest 2 z·w - |w|²."""
        w = self.codebook.weight
        index = F.conv1d(z, 2 * w[:, :, None], bias=-(w * w).sum(1)).argmax(1)
        return self.codebook(index).permute(0, 2, 1), index

    def restore(self, z: torch.Tensor) -> torch.Tensor:
        x = self.expand(z)
        return x.repeat_interleave(self.stride, -1) if self.stride > 1 else x


class Decoder(nn.Module):
    """latents [B, CHANNELS, T] -> audio [B, 1, 512 T]"""

    def __init__(self) -> None:
        super().__init__()
        self.slow = nn.Sequential(nn.Conv1d(CHANNELS, CHANNELS, 5, padding=2), Block(5), Block(5))
        self.up, self.norm = nn.ConvTranspose1d(CHANNELS, CHANNELS, 4, 4), ChannelNorm()
        self.fast = nn.Sequential(Block(), Block(), Block(), Block(), ChannelNorm())
        self.head = nn.Conv1d(CHANNELS, 2 * BINS, 1)
        fold = torch.full((BINS, 1, 1), 2.0 / N_FFT)
        fold[0] = fold[-1] = 1.0 / N_FFT
        basis = torch.cat([part * fold for part in dft_basis()])
        self.register_buffer("idft", basis / 1.5)  # squared Hann windows at hop N/4 sum to 1.5

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        log_magnitude, phase = self.head(self.fast(self.norm(self.up(self.slow(latents))))).chunk(2, 1)
        magnitude = torch.exp(log_magnitude.clamp(max=5.0))
        spectrum = torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], 1)
        audio = F.conv_transpose1d(spectrum, self.idft, stride=HOP)
        edge = (N_FFT - HOP) // 2
        return audio[..., edge : audio.shape[-1] - edge]


class Block(nn.Module):
    """Depthwise convolution and a pointwise bottleneck, added to the input."""

    def __init__(self, kernel: int = 7) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(CHANNELS, CHANNELS, kernel, padding=kernel // 2, groups=CHANNELS)
        self.widen, self.narrow = nn.Conv1d(CHANNELS, 3 * CHANNELS, 1), nn.Conv1d(3 * CHANNELS, CHANNELS, 1)
        self.scale = nn.Parameter(torch.full((CHANNELS, 1), 0.1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.scale * self.narrow(F.gelu(self.widen(self.depthwise(x))))


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each position, which keeps the receptive field finite."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(CHANNELS, 1)), nn.Parameter(torch.zeros(CHANNELS, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(1, keepdim=True)
        return centred * torch.rsqrt(centred.pow(2).mean(1, keepdim=True) + 1e-5) * self.weight + self.bias


def dft_basis() -> tuple[torch.Tensor, torch.Tensor]:
    """Windowed cosines and negative sines [BINS, 1, N_FFT]."""
    angle = 2 * math.pi * torch.arange(BINS)[:, None] * torch.arange(N_FFT) / N_FFT
    window = torch.hann_window(N_FFT)
    return (torch.cos(angle) * window)[:, None], (-torch.sin(angle) * window)[:, None]
