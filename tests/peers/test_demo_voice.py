"""Peers: pocketsphinx, ffprobe, espeak-ng. A speech recognizer understands the demo server."""

from __future__ import annotations

import io
import json
import subprocess
import time
import wave
from pathlib import Path

import httpx
import numpy as np
import pytest

from conftest import StartServer
from hearing import words_heard
from server_peer import Server

SENTENCE = "one two three four five six seven eight nine ten"


@pytest.fixture(scope="module")
def demo(start_server: StartServer) -> Server:
    return start_server({"server": {"host": "127.0.0.1"}, "log": {"format": "json"}}, "--demo")


def wav_of(demo: Server, text: str, voice: str, **fields: object) -> bytes:
    body = {"text": text, "voice": voice, "response_format": "wav"} | fields
    response = httpx.post(f"{demo.root}/v1/text-to-speech", json=body, timeout=60)
    assert response.status_code == 200, response.text
    return response.content


def test_health_says_that_it_is_the_demo_voice(demo: Server) -> None:
    assert "demo" in httpx.get(f"{demo.root}/health").text.lower()


def test_english_is_understood(demo: Server) -> None:
    said = SENTENCE.split()
    heard = words_heard(wav_of(demo, SENTENCE, "en_male", stream=False))
    print("heard:", *heard)
    assert sum(word in heard for word in said) >= 0.7 * len(said), f"heard only: {heard}"


def test_hindi_arrives_before_it_is_complete(demo: Server) -> None:
    body = {"text": "नमस्ते दुनिया, आप कैसे हैं? " * 30, "voice": "hi_female", "response_format": "wav"}
    # A client that gets no turn at first hears all at once, but not each time.
    for _ in range(3):
        start = time.monotonic()
        with httpx.stream("POST", f"{demo.root}/v1/text-to-speech", json=body, timeout=60) as response:
            assert response.status_code == 200
            assert "content-length" not in response.headers
            arrivals, audio = [], b""
            for chunk in response.iter_raw():
                arrivals.append(time.monotonic() - start)
                audio += chunk
        if arrivals[0] < arrivals[-1] / 2:
            break
    assert len(arrivals) > 3 and arrivals[0] < arrivals[-1] / 2, arrivals
    samples = np.frombuffer(audio[audio.index(b"data") + 8 :], "<i2")
    assert len(samples) > 24000 and samples.std() > 300


def test_letters_of_another_script_are_spelled_out_to_the_end(demo: Server) -> None:
    """espeak-ng says each by its long name. A ceiling would take that for a model that doesn't end."""
    wav = wav_of(demo, "సున్నా", "bh_female", stream=False)
    frames = (len(wav) - 44) / 2 / 2048
    assert frames > 68, "more than the model's ceiling for six characters"


def test_voices_differ_in_pitch(demo: Server) -> None:
    female, male = (wav_of(demo, SENTENCE, voice) for voice in ("en_female", "en_male"))
    assert female != male


def test_streamed_wav_is_accepted_by_ffprobe(demo: Server, tmp_path: Path) -> None:
    path = tmp_path / "streamed.wav"
    path.write_bytes(wav_of(demo, SENTENCE, "en_male"))
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    stream = json.loads(result.stdout)["streams"][0]
    assert (stream["codec_name"], stream["sample_rate"], stream["channels"]) == ("pcm_s16le", "24000", 1)
    assert result.stderr == ""
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "pipe:1"], capture_output=True, check=True
    )
    assert decoded.stderr == b"" and len(decoded.stdout) % 4096 == 0


def test_whole_wav_has_an_exact_header(demo: Server) -> None:
    wav = wav_of(demo, "hello", "en_female", stream=False)
    assert int.from_bytes(wav[4:8], "little") == len(wav) - 8
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getnframes() == (len(wav) - wav.index(b"data") - 8) // 2
