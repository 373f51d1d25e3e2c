"""Peer: a real vLLM, and ffmpeg. Every format and rate of what vLLM generated, streamed and whole."""

from __future__ import annotations

import subprocess

import httpx
import numpy as np
import pytest

from reference import SAMPLE_RATE, decode
from server_peer import Server
from speech import body, engine_tokens
from vllm_peer import Vllm

TEXT = "hello world, this is a test of every format"
# Samples that come in front where a container can't tell a decoder to cut them off, and what a codec may change.
DELAY = {"mp3": 1105, "aac": 1024}
LOSSLESS = {"wav", "pcm", "flac"}
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


def decoded(sound: bytes, name: str, rate: int) -> np.ndarray:
    """What ffmpeg hears in it, at the model's rate; it must not complain, but of a WAV stream's open sizes."""
    source = ["-f", RAW[name], "-ar", str(rate), "-ch_layout", "mono"] if name in RAW else []
    to = ["-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "pipe:1"]
    command = ["ffmpeg", "-hide_banner", "-v", "warning", *source, *to]
    result = subprocess.run(command, input=sound, capture_output=True, timeout=60, check=True)
    complaints = [line for line in result.stderr.decode().splitlines() if "maximum packet size" not in line]
    assert name == "wav" or not complaints, complaints
    return np.frombuffer(result.stdout, "<f4")


def correlation(heard: np.ndarray, expected: np.ndarray) -> float:
    length = min(len(heard), len(expected))
    return float(np.corrcoef(heard[:length], expected[:length])[0, 1])


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", RATES)
def test_each_format_is_what_vllm_generated(server: Server, vllm: Vllm, name: str, streamed: bool) -> None:
    expected = decode(engine_tokens(vllm, TEXT))
    for rate in RATES[name]:
        fields = {"response_format": name, "sample_rate": rate, "stream": streamed}
        response = httpx.post(f"{server.root}/v1/text-to-speech", json=body(TEXT, **fields), timeout=120)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == CONTENT_TYPES[name]
        assert response.headers["x-sample-rate"] == str(rate)
        assert ("content-length" in response.headers) is not streamed
        heard = decoded(response.content, name, rate)
        delay = DELAY.get(name, 0) if streamed or name == "aac" else len(heard) - len(expected)
        delay = round(delay * SAMPLE_RATE / rate) if streamed or name == "aac" else max(delay, 0)
        missing = len(expected) - (len(heard) - delay)
        assert missing <= SAMPLE_RATE // rate + 2, f"{name} at {rate}: {missing} samples are missing"
        if name in LOSSLESS and rate == SAMPLE_RATE:
            assert np.abs(heard - expected).max() < 1e-4 + 1.5 / 32767
        else:
            # What the output's rate lets through of the random codec's noisy sound.
            least = 0.9 if rate >= SAMPLE_RATE else 0.3
            assert correlation(heard[delay:], expected) > least, f"{name} at {rate}"
