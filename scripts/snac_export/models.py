"""The three graphs of a codec; export_snac.py describes their inputs and outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx

from .config import DILATIONS, Config
from .graph import FLOAT, INT64
from .layers import Net, StreamNet
from .weights import Weights


def decoder(config: Config, weights: Weights, stream: bool, noise: bool, half: bool = False) -> onnx.ModelProto:
    """The streaming or the plain decoder; see the top of the file."""
    net = StreamNet(config, weights, half) if stream else Net(config, weights, half)
    about: dict[str, Any] = {"noise": str(noise).lower()} | ({"precision": "float16"} if half else {})
    x = ""
    for level, stride in enumerate(config.vq_strides):
        y = net.embed(level, net.input(f"audio_codes.{level}", INT64, ["batch", config.axis(1 / stride)]))
        x = net.op("Add", x, y) if x else y
    if isinstance(net, StreamNet):
        net.begin(x)
    x, channels = net.mask(x), config.decoder_dim
    if config.depthwise:
        x = net.conv7(x, "decoder.model.0", config.latents, config.latents, group=config.latents)
        x = net.conv(x, "decoder.model.1", (channels, config.latents, 1))
    else:
        x = net.conv7(x, "decoder.model.0", config.latents, channels)
    x = net.mask(x)
    first = 2 if config.depthwise else 1
    for i, stride in enumerate(config.decoder_rates):
        name = f"decoder.model.{first + i}.block"
        x = net.snake(x, f"{name}.0", channels)
        x = net.upsample(x, f"{name}.1", channels, stride)
        channels //= 2
        if noise:
            draws = net.input(f"noise.{i}", FLOAT, ["batch", 1, config.axis(net.rate)])
            x = net.noise(x, f"{name}.2", channels, draws)
            about |= {f"noise_rate.{i}": net.rate, f"noise_delay.{i}": net.delay if stream else 0}
        for j, dilation in enumerate(DILATIONS):
            x = net.residual(x, f"{name}.{2 + config.noise + j}", channels, dilation)
    last = first + len(config.decoder_rates)
    x = net.snake(x, f"decoder.model.{last}", channels)
    x = net.conv7(x, f"decoder.model.{last + 1}", channels, 1, gain=0.2)
    audio = net.op("Tanh", net.widen(x), output="audio_values")
    net.output(audio, FLOAT, ["batch", 1, config.axis(net.rate)])
    assert net.delay == config.delay
    if isinstance(net, StreamNet):
        about |= {"delay_samples": net.delay, "state_len": net.finish()}
    kind = "stream" if stream else "plain"
    return net.model(f"snac_decoder_{kind}", metadata(config, kind, **about))


def encoder(config: Config, weights: Weights) -> onnx.ModelProto:
    """audio [B, 1, N] -> audio_codes.i; see the top of the file."""
    net = Net(config, weights)
    audio = net.input("audio", FLOAT, ["batch", 1, "samples"])
    missing = net.op("Neg", net.op("Shape", audio, start=2, end=3))
    missing = net.op("Mod", missing, net.const([config.samples_per_frame]))
    x = net.op("Pad", audio, net.op("Concat", net.const([0, 0, 0, 0, 0]), missing, axis=0))
    channels = config.encoder_dim
    x = net.conv7(x, "encoder.block.0", 1, channels, gain=4.0)
    for i, stride in enumerate(config.encoder_rates):
        name = f"encoder.block.{i + 1}.block"
        for j, dilation in enumerate(DILATIONS):
            x = net.residual(x, f"{name}.{j}", channels, dilation)
        x = net.snake(x, f"{name}.3", channels)
        sizes = {"strides": [stride], "pads": [math.ceil(stride / 2)] * 2}
        x = net.conv(x, f"{name}.4", (2 * channels, channels, 2 * stride), 0.6, **sizes)
        channels *= 2
    last = f"encoder.block.{len(config.encoder_rates) + 1}"
    x = net.conv7(x, last, channels, channels, group=channels if config.depthwise else 1)

    for level, stride in enumerate(config.vq_strides):
        z = net.op("AveragePool", x, kernel_shape=[stride], strides=[stride]) if stride > 1 else x
        z = net.conv(z, f"quantizer.quantizers.{level}.in_proj", (config.codebook_dim, channels, 1))
        # The nearest unit vector has the largest cosine, which the length of z does not change.
        unit = net.codebook(level) / np.linalg.norm(net.codebook(level), axis=1, keepdims=True)
        scores = net.op("MatMul", net.const(unit, np.float32, f"unit_codebook.{level}"), z)
        code = net.op("ArgMax", scores, axis=1, keepdims=0, output=f"audio_codes.{level}")
        net.output(code, INT64, ["batch", config.axis(1 / stride)])
        if level + 1 < len(config.vq_strides):
            x = net.op("Sub", x, net.embed(level, code))
    return net.model("snac_encoder", metadata(config, "encoder"))


def metadata(config: Config, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "sample_rate": config.sampling_rate,
        "samples_per_frame": config.samples_per_frame,
        "samples_per_latent": config.samples_per_latent,
        "codebook_size": config.codebook_size,
        "vq_strides": ",".join(map(str, config.vq_strides)),
        "delay_samples": 0,
        "state_len": 0,
        "context_frames": math.ceil(config.delay / config.samples_per_frame),
        "noise": "false",
    } | more
