"""Recordings for cloning voices."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np

RATE = 24_000


def recording(seconds: float = 2.0, pitch_hz: float = 150.0) -> bytes:
    """A WAV with a sound like a vowel."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * pitch_hz * n * time) / n for n in range(1, 8)) * 0.15
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sound * 32767).astype("<i2").tobytes())
    return file.getvalue()


def in_base64(audio: bytes) -> str:
    return base64.b64encode(audio).decode()
