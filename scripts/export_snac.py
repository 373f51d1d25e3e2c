#!/usr/bin/env python3
"""Writes ONNX graphs of a SNAC codec (any configuration without attention). Needs only numpy and onnx.

    export_snac.py --checkpoint DIR --out DIR            DIR holds config.json and pytorch_model.bin
    export_snac.py --random SEED [--config JSON] --out DIR

Shapes: B streams or utterances, F frames, T latents (24 kHz codec: 4 latents, 2048 samples and 1+2+4 codes a frame).
The name of an axis states its multiple of F: "frames", "frames_x2" (2 F), ... so that a caller can fix them all.

decoder_plain.onnx   audio_codes.i int64 [B, F*k_i] [, noise.i [B, 1, T*rate_i]] -> audio_values [B, 1, samples]
decoder_stream.onnx  the same, and pos int64 [B] (latents fed before this call), total int64 [B] (latents of the whole
    stream; huge until known, due in the first call that feeds codes past the end), state [B, state_len] (zeros at the
    start) -> audio_values, new_state. Sample j of a call is sample pos * samples_per_latent - delay_samples + j of
    the utterance; after the end, feed any valid codes for another delay_samples.
decoder_stream_fp16.onnx  (--fp16) the stream decoder of 16-bit floats, for GPUs. Its state is of 16-bit floats, too;
    draws, audio and the inside of each snake are of 32.
encoder.onnx         audio [B, 1, N], padded to whole frames in the graph -> audio_codes.i

Noise: a layer computes x + n * linear(x), n ~ N(0, 1). Element j of noise.i is the draw for sample number
pos * noise_rate.i - noise_delay.i + j at that layer's rate (plain graph: pos and noise_delay.i are 0). Draws outside
the utterance have no effect, if finite; zeros give the decoder without noise.

A snake, x + sin(alpha x)^2 / alpha, is a function that the file brings along.

Check codes before you feed them: ONNX Runtime counts negative ones from the end of the codebook.
"""

from __future__ import annotations

import argparse
import pickle
import zipfile
from pathlib import Path

import onnx

from snac_export.config import Config
from snac_export.models import decoder, encoder
from snac_export.streaming import verify
from snac_export.weights import Weights, read_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path, metavar="DIR", help="directory of config.json, pytorch_model.bin")
    source.add_argument("--random", type=int, metavar="SEED", help="use random weights")
    parser.add_argument("--config", type=Path, metavar="JSON", help="with --random; default: the 24 kHz codec")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--no-noise", action="store_true", help="write decoders without noise")
    parser.add_argument("--fp16", action="store_true", help="write a stream decoder of 16-bit floats, too")
    parser.add_argument("--verify", action="store_true", help="compare the two decoders (needs onnxruntime)")
    args = parser.parse_args()
    if args.config and args.checkpoint:
        parser.error("--config needs --random; a checkpoint has its own config.json")
    try:
        export(args)
    except (ValueError, OSError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise SystemExit(f"export_snac: {error}") from error


def export(args: argparse.Namespace) -> None:
    if args.checkpoint:
        config = Config.read(args.checkpoint / "config.json")
        weights = Weights(read_checkpoint(args.checkpoint / "pytorch_model.bin"))
    else:
        config = Config.read(args.config) if args.config else Config()
        weights = Weights(seed=args.random)
    args.out.mkdir(parents=True, exist_ok=True)
    noise = config.noise and not args.no_noise
    models = {
        "decoder_stream": decoder(config, weights, stream=True, noise=noise),
        "decoder_plain": decoder(config, weights, stream=False, noise=noise),
        "encoder": encoder(config, weights),
    }
    if args.fp16:
        models["decoder_stream_fp16"] = decoder(config, weights, stream=True, noise=noise, half=True)
    for name, model in models.items():
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, args.out / f"{name}.onnx")
        print(f"{name}.onnx: {len(model.graph.node)} nodes, {model.ByteSize() / 1e6:.1f} MB")
    if args.verify:
        verify(args.out)


if __name__ == "__main__":
    main()
