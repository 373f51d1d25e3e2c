"""Peer: a real vLLM, and ffmpeg. vLLM's output in every format and rate, streamed and whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest

from reference import SAMPLE_RATE, decode
from server_peer import Server
from speech import body, engine_tokens
from vllm_peer import Vllm

TEXT = "hello world, this is a test of every format"
# Leading samples if the container can't tell a decoder to remove them, and the tolerance for each codec.
DELAY = {"mp3": 1105, "aac": 1024}
LOSSLESS = {"wav", "pcm", "flac"}
# The tiny codec's audio is noise up to 12 kHz, the worst case for them.
LOSSY = {"mp3", "opus", "aac"}
RATES = {
    "mp3": [22050, 24000, 44100],
    "opus": [24000, 48000],
    "aac": [24000, 44100],
    "flac": [24000, 48000],
    "wav": [8000, 16000, 22050, 24000, 32000, 44100, 48000],
    "pcm": [8000, 16000, 22050, 24000, 32000, 44100, 48000],
    "ulaw": [8000],
    "alaw": [8000],
}
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg; codecs=opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "ulaw": "audio/basic",
    "alaw": "audio/PCMA",
}
RAW = {"pcm": "s16le", "ulaw": "mulaw", "alaw": "alaw"}


def ffmpeg(*arguments: str, given: bytes = b"") -> tuple[bytes, list[str]]:
    """Runs ffmpeg; returns its output and its warnings."""
    command = ["ffmpeg", "-hide_banner", "-v", "warning", *arguments]
    result = subprocess.run(command, input=given, capture_output=True, timeout=60, check=True)
    return result.stdout, result.stderr.decode().splitlines()


def decoded(sound: bytes, name: str, rate: int, file: Path | None) -> np.ndarray:
    """Decodes with ffmpeg at the audio's own rate, from a file or a pipe. ffmpeg must not warn, except about the open
    sizes of a streamed WAV."""
    if file is not None:
        file.write_bytes(sound)
    source = ["-f", RAW[name], "-ar", str(rate), "-ch_layout", "mono"] if name in RAW else []
    place = "pipe:0" if file is None else str(file)
    samples, complaints = ffmpeg(*source, "-i", place, "-f", "f32le", "-ac", "1", "pipe:1", given=sound)
    assert name == "wav" or not complaints, complaints
    return np.frombuffer(samples, "<f4")


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    source = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ch_layout", "mono", "-i", "pipe:0"]
    output, _ = ffmpeg(*source, "-f", "f32le", "-ar", str(rate), "pipe:1", given=samples.astype("<f4").tobytes())
    return np.frombuffer(output, "<f4")


def correlation(heard: np.ndarray, expected: np.ndarray) -> float:
    length = min(len(heard), len(expected))
    return float(np.corrcoef(heard[:length], expected[:length])[0, 1])


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", RATES)
def test_each_format_is_what_vllm_generated(
    server: Server, vllm: Vllm, tmp_path: Path, name: str, streamed: bool
) -> None:
    expected = decode(engine_tokens(vllm, TEXT))
    for rate in RATES[name]:
        fields = {"response_format": name, "sample_rate": rate, "stream": streamed}
        response = httpx.post(f"{server.root}/v1/text-to-speech", json=body(TEXT, **fields), timeout=120)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == CONTENT_TYPES[name]
        assert response.headers["x-sample-rate"] == str(rate)
        assert ("content-length" in response.headers) is not streamed
        # From a pipe, ffmpeg considers the file size in the LAME header wrong.
        in_file = name == "mp3" and not streamed
        heard = decoded(response.content, name, rate, tmp_path / "sound" if in_file else None)
        if name in LOSSLESS and rate == SAMPLE_RATE:
            assert len(heard) == len(expected)
            assert np.abs(heard - expected).max() < 1e-4 + 1.5 / 32767
            continue
        # Compared at the playback rate, where codec delays are whole samples.
        right = resampled(expected, 48_000 if name == "opus" else rate)
        # The header of a whole MP3 tells the decoder what to remove.
        delay = 0 if name == "mp3" and not streamed else DELAY.get(name, 0)
        assert len(heard) - delay >= len(right) - 2, f"{name} at {rate}: the end is missing"
        alike = correlation(heard[delay:], right)
        print(f"{name} at {rate} Hz, {len(response.content)} bytes: {alike:.3f}")
        assert alike > (0.8 if name in LOSSY else 0.95), f"{name} at {rate}: {alike}"
