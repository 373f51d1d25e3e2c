#!/usr/bin/env python3
"""Trains and exports the demo codec: a small neural codec with SNAC's token layout, for synthetic speech.

    pip install torch numpy onnx onnxruntime; apt-get install espeak-ng sox
    train_demo_codec.py corpus wav/            about 90 minutes of speech, 11 Indian languages and English
    train_demo_codec.py train wav/ codec.pt --minutes 90
    train_demo_codec.py export codec.pt out/   decoder.onnx and encoder.onnx, checked against torch

With it, a machine without the SNAC weights and without a GPU can run the whole pipeline on real audio. The layout is
SNAC's: three codebooks of 4096 entries at strides 4, 2, 1, hop 512 samples at 24 kHz, so a frame is 1 + 2 + 4 codes and
2048 samples. The network isn't SNAC's: an STFT front end, a few depthwise blocks, residual vector quantisation, and an
inverse-STFT head (as in Vocos), all at 47 to 188 steps per second, so that it trains on two CPU cores in about an hour
and decodes 150 times faster than real time. Every output sample depends on at most 12 latents (3 frames) to each side:
windows with 3 frames of context decode exactly.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo_codec.corpus import make_corpus
from demo_codec.onnx_files import export
from demo_codec.training import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("corpus", help="speak random sentences into WAV files")
    sub.add_argument("wavs", type=Path)
    sub.add_argument("--utterances", type=int, default=1600)
    sub = commands.add_parser("train", help="train on a directory of WAV files")
    sub.add_argument("wavs", type=Path)
    sub.add_argument("checkpoint", type=Path)
    sub.add_argument("--minutes", type=float, default=90)
    sub = commands.add_parser("export", help="write and check the ONNX files")
    sub.add_argument("checkpoint", type=Path)
    sub.add_argument("out", type=Path)
    args = parser.parse_args()
    if args.command == "corpus":
        make_corpus(args.wavs, args.utterances)
    elif args.command == "train":
        train(args.wavs, args.checkpoint, args.minutes)
    else:
        export(args.checkpoint, args.out)


if __name__ == "__main__":
    main()
