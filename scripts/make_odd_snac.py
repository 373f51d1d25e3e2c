#!/usr/bin/env python3
"""Writes stream decoders of SNAC configurations drawn at random, OUT/0 to OUT/COUNT-1, to compare decoders with.

    make_odd_snac.py COUNT OUT

Numbers of channels, rates, sizes of codebooks, convolutions in or across channels, and noise all vary. The configurations
are the same in every run.
"""

from __future__ import annotations

import dataclasses
import math
import random
import sys
from pathlib import Path

import onnx

from snac_export.config import Config
from snac_export.models import decoder
from snac_export.weights import Weights

CHANNELS = (1, 2, 3, 5, 8, 12, 20)  # after the last block
RATES = ((2,), (3, 2), (8, 2), (5, 3), (4, 3, 2), (2, 2, 2, 2))


def odd_config(draw: random.Random, depthwise: bool, noise: bool) -> Config:
    rates = draw.choice(RATES)
    channels = draw.choice(CHANNELS) * 2 ** len(rates)
    return Config(
        encoder_dim=draw.randrange(1, 12),
        encoder_rates=rates[::-1],
        decoder_dim=channels,
        decoder_rates=rates,
        codebook_size=draw.choice((16, 100, 4096)),
        codebook_dim=draw.randrange(1, 11),
        depthwise=depthwise,
        noise=noise,
    )


def main() -> None:
    count, out = int(sys.argv[1]), Path(sys.argv[2])
    for seed in range(count):
        # All four pairs in turn; and every third with noise is written without it, as --no-noise does.
        config = odd_config(random.Random(seed), depthwise=seed % 2 == 0, noise=seed // 2 % 2 == 0)
        model = decoder(config, Weights(seed=seed), stream=True, noise=config.noise and seed % 3 > 0)
        onnx.checker.check_model(model, full_check=True)
        directory = out / str(seed)
        directory.mkdir(parents=True)
        onnx.save(model, directory / "decoder_stream.onnx")
        about = {key: value for key, value in dataclasses.asdict(config).items() if not key.startswith("encoder")}
        print(f"{directory}: {math.prod(config.decoder_rates)} samples a latent, {about}")


if __name__ == "__main__":
    main()
