"""Decodes and recognizes audio with other programs: ffmpeg and pocketsphinx."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pocketsphinx

RATE = 16_000
FRAME = RATE // 50


def samples_heard(sound: bytes) -> bytes:
    """Decodes a file of any format to 16-bit mono samples at `RATE`."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-ar", str(RATE), "-ac", "1", "-f", "s16le", "pipe:1"]
    return subprocess.run(command, input=sound, capture_output=True, check=True).stdout


def seconds_heard(sound: bytes) -> float:
    return len(samples_heard(sound)) / (2 * RATE)


def words_heard(sound: bytes) -> list[str]:
    """The words that pocketsphinx recognizes with its stock model of US English."""
    recogniser = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")
    recogniser.start_utt()
    recogniser.process_raw(samples_heard(sound), full_utt=True)
    recogniser.end_utt()
    hypothesis = recogniser.hyp()
    return hypothesis.hypstr.split() if hypothesis else []


def likeness(part: bytes, repeated: bytes) -> float:
    """The correlation, at most 1, of a recording's loudness with the best matching part of a sound that is played in a
    loop. Codecs and a browser's noise suppression hardly change it."""
    heard, once = loudness(part), loudness(repeated)
    played = np.tile(once, len(heard) // len(once) + 2)
    return max(float(np.corrcoef(heard, played[at : at + len(heard)])[0, 1]) for at in range(len(once)))


def loudness(sound: bytes) -> np.ndarray:
    """The mean power of each 20 ms, in decibels above silence."""
    samples = np.frombuffer(samples_heard(sound), "<i2").astype(np.float64)
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    return 10 * np.log10(np.square(frames).mean(1) + 1000)


def codec_of(path: Path) -> str:
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
