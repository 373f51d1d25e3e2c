"""The shape of a SNAC codec."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

KERNEL = 7  # width of every convolution that doesn't change the rate
DILATIONS = (1, 3, 9)  # of the three residual units at each rate


def _fits(value: Any, default: Any) -> bool:
    """Whether a value is of the kind of its default: None stands for a number that may be absent."""
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, tuple):
        return isinstance(value, list) and len(value) > 0 and all(_fits(number, 1) for number in value)
    if default is None and value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@dataclass(frozen=True)
class Config:
    """config.json of a SNAC checkpoint; the defaults are the 24 kHz codec."""

    sampling_rate: int = 24000
    encoder_dim: int = 48
    encoder_rates: tuple[int, ...] = (2, 4, 8, 8)
    latent_dim: int | None = None
    decoder_dim: int = 1024
    decoder_rates: tuple[int, ...] = (8, 8, 4, 2)
    attn_window_size: int | None = None
    codebook_size: int = 4096
    codebook_dim: int = 8
    vq_strides: tuple[int, ...] = (4, 2, 1)
    noise: bool = True
    depthwise: bool = True

    @classmethod
    def read(cls, path: Path) -> Config:
        try:
            values = json.loads(path.read_text())
        except ValueError as error:
            raise ValueError(f"{path}: not JSON: {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"{path}: not a JSON object")
        names = {field.name for field in fields(cls)}
        if set(values) | {"latent_dim"} != names:
            raise ValueError(f"{path}: missing or unknown keys {sorted((set(values) | {'latent_dim'}) ^ names)}")
        wrong = [key for key, value in values.items() if not _fits(value, getattr(cls, key))]
        if wrong:
            raise ValueError(f"{path}: {wrong[0]} is {values[wrong[0]]!r}")
        config = cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
        if config.attn_window_size is not None:
            raise ValueError(f"{path}: configurations with attention are not supported")
        if config.latents != config.encoder_dim * 2 ** len(config.encoder_rates):
            raise ValueError(f"{path}: latent_dim is not what the encoder gives")
        if math.prod(config.encoder_rates) != config.samples_per_latent:
            raise ValueError(f"{path}: encoder_rates and decoder_rates have different products")
        if any(config.vq_strides[0] % stride for stride in config.vq_strides):
            raise ValueError(f"{path}: each of vq_strides must divide the first")
        return config

    @property
    def latents(self) -> int:
        """Channels of the latents."""
        return self.latent_dim or self.encoder_dim * 2 ** len(self.encoder_rates)

    @property
    def samples_per_latent(self) -> int:
        return math.prod(self.decoder_rates)

    @property
    def samples_per_frame(self) -> int:
        return self.samples_per_latent * self.vq_strides[0]

    @property
    def delay(self) -> int:
        """Samples by which the streaming decoder lags; also how far a code reaches to either side."""
        delay = KERNEL // 2
        for stride in self.decoder_rates:
            delay = delay * stride + math.ceil(stride / 2) + sum(KERNEL // 2 * d for d in DILATIONS)
        return delay + KERNEL // 2

    def axis(self, per_latent: float) -> str:
        """Name of a time axis with that many elements a latent."""
        count = round(per_latent * self.vq_strides[0])
        return "frames" if count == 1 else f"frames_x{count}"
