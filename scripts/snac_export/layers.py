"""SNAC's layers, over whole utterances and over the chunks of a stream."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import helper

from .config import KERNEL, Config
from .graph import DOMAIN, FLOAT, FLOAT16, INT64, OPSET, Graph
from .weights import Weights



def snake_function(half: bool) -> onnx.FunctionProto:
    """x + sin(alpha x)^2 * inverse in 32-bit floats, of x in 16 or 32 bits."""
    node = helper.make_node
    body = [
        node("Mul", ["wide", "alpha"], ["scaled"]),
        node("Sin", ["scaled"], ["sine"]),
        node("Mul", ["sine", "sine"], ["square"]),
        node("Mul", ["square", "inverse"], ["added"]),
        node("Add", ["wide", "added"], ["sum"]),
    ]
    names = {"wide": "x", "sum": "y"}
    if half:
        body = [node("Cast", ["x"], ["wide"], to=FLOAT), *body, node("Cast", ["sum"], ["y"], to=FLOAT16)]
    else:
        for part in body:
            part.input[:] = [names.get(name, name) for name in part.input]
            part.output[:] = [names.get(name, name) for name in part.output]
    opsets = [helper.make_opsetid("", OPSET)]
    name = "Snake16" if half else "Snake"
    return helper.make_function(DOMAIN, name, ["x", "alpha", "inverse"], ["y"], body, opsets)


SNAKE, SNAKE16 = snake_function(half=False), snake_function(half=True)
SNAKE_POWER = 1.3  # mean square of snake(x) for x ~ N(0, 1): scales the random weights


class Net(Graph):
    """The layers of SNAC over whole utterances. Signals are [B, C, T]; `name` is a layer's name in the state dict.

    The methods up to `mask` define how layers handle time; StreamNet overrides them.
    """

    def __init__(self, config: Config, weights: Weights, half: bool = False) -> None:
        super().__init__()
        self.config = config
        self.weights = weights
        self.half = half  # 16-bit floats everywhere but in snakes and at the ends
        self.float: type = np.float16 if half else np.float32
        self.rate = 1  # decoder: samples a latent at the current layer
        self.delay = 0  # samples by which the current layer lags in a stream

    def extend(self, x: str, channels: int, past: int) -> str:
        """x with its past prepended: [B, C, past + T] in a stream."""
        return x

    def padding(self, samples: int) -> int:
        """Zeros that a convolution adds at each end."""
        return samples

    def centre(self, x: str, samples: int) -> str:
        """x without `samples` at each end, as after an unpadded convolution."""
        return x

    def mask(self, x: str) -> str:
        """x with zeros outside the utterance, which the next convolution requires."""
        return x

    def conv(
        self, x: str, name: str, shape: tuple[int, int, int], gain: float = 1.0, bias: bool = True, **attributes: Any
    ) -> str:  # fmt: skip
        """Convolution; `shape` is that of the kernel in torch and in ONNX, `gain` scales its random weights."""
        kernel = self.weights.conv(name, shape, gain / math.sqrt(shape[1] * shape[2]))
        constants = [self.const(kernel, self.float, f"{name}.weight")]
        transposed = "output_padding" in attributes
        if bias:
            values = self.weights.tensor(f"{name}.bias", (shape[1 if transposed else 0],), std=0.05)
            constants.append(self.const(values, self.float, f"{name}.bias"))
        return self.op("ConvTranspose" if transposed else "Conv", x, *constants, **attributes)

    def conv7(self, x: str, name: str, c_in: int, c_out: int, gain: float = 1.0, group: int = 1) -> str:
        """Convolution of width 7 that keeps the length. In a stream it does not mask its output."""
        x = self.extend(x, c_in, KERNEL - 1)
        self.delay += KERNEL // 2
        pads = [self.padding(KERNEL // 2)] * 2
        return self.conv(x, name, (c_out, c_in // group, KERNEL), gain, group=group, pads=pads)

    def snake(self, x: str, name: str, channels: int) -> str:
        """x + sin(alpha x)^2 / alpha"""
        alpha = self.weights.tensor(f"{name}.alpha", (1, channels, 1), std=0.1, mean=1.0)
        inverse = 1 / (alpha + np.float32(1e-9))
        constants = [self.const(alpha, np.float32, f"{name}.alpha"), self.const(inverse, np.float32, f"{name}.inverse")]
        return self.call(SNAKE16 if self.half else SNAKE, x, *constants)

    def residual(self, x: str, name: str, channels: int, dilation: int) -> str:
        pad = KERNEL // 2 * dilation
        group = channels if self.config.depthwise else 1
        shape = (channels, channels // group, KERNEL)
        x = self.extend(x, channels, 2 * pad)
        self.delay += pad
        y = self.snake(x, f"{name}.block.0", channels)
        wide = {"group": group, "dilations": [dilation], "pads": [self.padding(pad)] * 2}
        y = self.conv(y, f"{name}.block.1", shape, SNAKE_POWER**-0.5, **wide)
        y = self.snake(y, f"{name}.block.2", channels)
        y = self.conv(y, f"{name}.block.3", (channels, channels, 1), 0.5 * SNAKE_POWER**-0.5)
        return self.mask(self.op("Add", self.centre(x, pad), y))

    def upsample(self, x: str, name: str, channels: int, stride: int) -> str:
        """Transposed convolution to half the channels."""
        pad = math.ceil(stride / 2)
        x = self.extend(x, channels, 1)
        self.rate, self.delay = self.rate * stride, self.delay * stride + pad
        whole = self.padding(1) > 0  # a stream has one sample more, and drops `stride` at each end
        sizes = {"pads": [pad if whole else stride] * 2, "output_padding": [stride % 2 if whole else 0]}
        gain = math.sqrt(stride / (4 * SNAKE_POWER))
        return self.mask(self.conv(x, name, (channels, channels // 2, 2 * stride), gain, strides=[stride], **sizes))

    def noise(self, x: str, name: str, channels: int, draws: str) -> str:
        y = self.conv(x, f"{name}.linear", (channels, channels, 1), 0.2, bias=False)
        return self.op("Add", x, self.op("Mul", self.narrow(draws), y))

    def narrow(self, x: str) -> str:
        """A signal from outside, as floats of this graph."""
        return self.op("Cast", x, to=FLOAT16) if self.half else x

    def widen(self, x: str) -> str:
        """A signal of this graph, as 32-bit floats."""
        return self.op("Cast", x, to=FLOAT) if self.half else x

    def codebook(self, level: int) -> np.ndarray:
        shape = (self.config.codebook_size, self.config.codebook_dim)
        return self.weights.tensor(f"quantizer.quantizers.{level}.codebook.weight", shape)

    def embed(self, level: int, code: str) -> str:
        """Latents [B, C, T] of one level of codes [B, T / stride]."""
        stride, name = self.config.vq_strides[level], f"quantizer.quantizers.{level}"
        if stride > 1:
            code = self.repeat(code, stride, [0, -1])
        x = self.op("Gather", self.const(self.codebook(level), self.float, f"{name}.codebook"), code)
        x = self.op("Transpose", x, perm=[0, 2, 1])
        gain = len(self.config.vq_strides) ** -0.5
        return self.conv(x, f"{name}.out_proj", (self.config.latents, self.config.codebook_dim, 1), gain)


class StreamNet(Net):
    """The layers over a chunk of a stream. Each keeps the end of its input, uses no padding, and delays its output.

    A layer that needs p later samples delays its output by p samples. So at rate r and delay d, element j of a chunk is
    sample pos * r - d + j of the utterance; elements outside the utterance are masked.
    """

    def __init__(self, config: Config, weights: Weights, half: bool = False) -> None:
        super().__init__(config, weights, half)
        self.sizes: list[int] = []  # the parts of the state
        self.tails: list[str] = []
        self.lookback = math.ceil(config.delay / config.samples_per_latent)  # latents; no layer lags by more
        self.inside = ""  # [B, lookback + T]: 1 for latents of the utterance
        self.masks: dict[int, str] = {}  # the same at other rates, [B, 1, (lookback + T) * rate]

    def begin(self, latents: str) -> None:
        """Takes the length T of the chunk from the first layer's input [B, C, T]."""
        pos, total = (self.op("Unsqueeze", self.input(n, INT64, ["batch"]), self.const([1])) for n in ("pos", "total"))
        end = self.op("Squeeze", self.op("Shape", latents, start=2, end=3))
        latent = self.op("Add", pos, self.op("Range", self.const(-self.lookback), end, self.const(1)))
        inside = self.op("And", self.op("GreaterOrEqual", latent, self.const(0)), self.op("Less", latent, total))
        self.inside = self.op("Where", inside, self.const(1, self.float), self.const(0, self.float))

    def extend(self, x: str, channels: int, past: int) -> str:
        before = self.op("Reshape", f"past.{len(self.sizes)}", self.const([-1, channels, past]))
        x = self.op("Concat", before, x, axis=2)
        self.tails.append(self.op("Reshape", self.cut(x, -past), self.const([-1, channels * past])))
        self.sizes.append(channels * past)
        return x

    def padding(self, samples: int) -> int:
        return 0

    def centre(self, x: str, samples: int) -> str:
        return self.cut(x, samples, -samples)

    def mask(self, x: str) -> str:
        if self.rate not in self.masks:
            self.masks[self.rate] = self.repeat(self.inside, self.rate, [0, 1, -1])
        return self.op("Mul", x, self.cut(self.masks[self.rate], self.lookback * self.rate - self.delay, -self.delay))

    def finish(self) -> int:
        """Declares the state and returns its length."""
        length, start = sum(self.sizes), 0
        kind = FLOAT16 if self.half else FLOAT
        state, slices = self.input("state", kind, ["batch", length]), []
        # Not a Split: on a GPU, ONNX Runtime uploads a table for one of unequal parts in each call.
        for i, size in enumerate(self.sizes):
            bounds = [self.const([n]) for n in (start, start + size, 1)]
            slices.append(helper.make_node("Slice", [state, *bounds], [f"past.{i}"], f"Slice_past.{i}"))
            start += size
        self.nodes[:0] = slices
        self.output(self.op("Concat", *self.tails, axis=1, output="new_state"), kind, ["batch", length])
        return length
