"""The reference SNAC in PyTorch, with the weights of our graphs."""

from __future__ import annotations

import dataclasses
from unittest import mock

import numpy as np
import snac
import torch

from snac_export.config import Config
from snac_export.models import decoder, encoder
from snac_export.weights import Weights


def network(config: Config, weights: Weights) -> snac.SNAC:
    """`weights` must contain every parameter; seeded ones are generated when the graphs are built."""
    model = snac.SNAC(**dataclasses.asdict(config)).eval()
    state = {name: torch.from_numpy(value) for name, value in weights.state.items()}
    model.load_state_dict(state, strict=True)
    return model


def seeded_network(config: Config, seed: int) -> snac.SNAC:
    """The reference for `export_snac.py --random SEED`."""
    weights = Weights(seed=seed)
    decoder(config, weights, stream=False, noise=config.noise)
    encoder(config, weights)
    return network(config, weights)


def decode(model: snac.SNAC, codes: list[np.ndarray], noise: list[np.ndarray] | None = None) -> np.ndarray:
    """[B, 1, samples]. The noise of each layer is an input instead of random; None means no noise."""
    draws = None if noise is None else iter([torch.from_numpy(n) for n in noise])

    def drawn(shape: tuple[int, ...], **_: object) -> torch.Tensor:
        return torch.zeros(shape) if draws is None else next(draws).reshape(shape)

    with torch.no_grad(), mock.patch("torch.randn", drawn):
        return model.decode([torch.from_numpy(c) for c in codes]).numpy()
