"""Peer: the official openai package (and a real vLLM behind our server)."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Iterator

import openai
import pytest

from reference import SAMPLE_RATE, SAMPLES_PER_FRAME, expected_frames
from server_peer import Server
from vllm_peer import Vllm

# Short: this dialect has no top_p to set, and the default of 0.9 is slow in vLLM on a CPU.
TEXT, VOICE, MODEL = "hello", "hi_female", "svara-tts-v1"
PCM_BYTES = 2 * SAMPLES_PER_FRAME * expected_frames(TEXT, VOICE)


@pytest.fixture
def client(server: Server, vllm: Vllm) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.root}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_pcm_streams(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model=MODEL, voice=VOICE, input=TEXT, response_format="pcm"
    ) as response:
        audio = b"".join(response.iter_bytes())
    assert len(audio) == PCM_BYTES
    assert response.headers["content-type"].startswith("audio/")


def test_wav_streams_to_a_file(client: openai.OpenAI, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("openai") / "speech.wav"
    with client.audio.speech.with_streaming_response.create(
        model=MODEL, voice=VOICE, input=TEXT, response_format="wav"
    ) as response:
        response.stream_to_file(path)
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    with wave.open(io.BytesIO(data)) as header:
        assert (header.getframerate(), header.getnchannels(), header.getsampwidth()) == (SAMPLE_RATE, 1, 2)
    start = data.index(b"data") + 8
    assert len(data) - start == PCM_BYTES


def test_speech_without_streaming(client: openai.OpenAI) -> None:
    audio = client.audio.speech.create(model=MODEL, voice=VOICE, input=TEXT, response_format="pcm")
    assert len(audio.content) == PCM_BYTES


def test_async_client_streams(server: Server, vllm: Vllm) -> None:
    async def speak() -> bytes:
        async with (
            openai.AsyncOpenAI(base_url=f"{server.root}/v1", api_key="none", max_retries=0) as client,
            client.audio.speech.with_streaming_response.create(
                model=MODEL, voice=VOICE, input=TEXT, response_format="pcm"
            ) as response,
        ):
            return b"".join([chunk async for chunk in response.iter_bytes()])

    assert len(asyncio.run(speak())) == PCM_BYTES


def test_unknown_voice(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="nobody") as caught:
        client.audio.speech.create(model=MODEL, voice="nobody", input=TEXT, response_format="pcm")
    assert "voice" in str(caught.value)


def test_unknown_format(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="response_format") as caught:
        client.audio.speech.create(model=MODEL, voice=VOICE, input=TEXT, response_format="xyz")  # type: ignore[arg-type]
    assert "wav" in str(caught.value), "the message doesn't say what is supported"


def test_empty_input(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError, match="input") as caught:
        client.audio.speech.create(model=MODEL, voice=VOICE, input="", response_format="pcm")
    assert caught.value.status_code in (400, 422)
