"""Peer: the official openai package, with the demo voice and with a real vLLM behind our server."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from conftest import StartServer
from holding import holding_the_only_stream, only_one_stream
from reference import SAMPLE_RATE, SAMPLES_PER_FRAME, expected_frames
from server_peer import Engine, Server

# Short, because this dialect can't set top_p, and the default of 0.9 is slow in vLLM on a CPU.
TEXT, VOICE, MODEL = "hello", "hi_female", "svara-tts-v1"


@pytest.fixture(scope="module")
def server(engine: Engine, start_server: StartServer) -> Server:
    return start_server(engine.settings, *engine.arguments)


@pytest.fixture
def pcm_bytes(engine: Engine, server: Server) -> int:
    """The tiny checkpoint generates a known number of frames, the demo voice always the same number."""
    if engine.vllm:
        return 2 * SAMPLES_PER_FRAME * expected_frames(TEXT, VOICE)
    body = {"text": TEXT, "voice": VOICE, "response_format": "pcm"}
    return len(httpx.post(f"{server.root}/v1/text-to-speech", json=body, timeout=60).content)


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.root}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_pcm_streams(client: openai.OpenAI, pcm_bytes: int) -> None:
    with client.audio.speech.with_streaming_response.create(
        model=MODEL, voice=VOICE, input=TEXT, response_format="pcm"
    ) as response:
        audio = b"".join(response.iter_bytes())
    assert len(audio) == pcm_bytes
    assert response.headers["content-type"].startswith("audio/")


def test_wav_streams_to_a_file(client: openai.OpenAI, pcm_bytes: int, tmp_path_factory: pytest.TempPathFactory) -> None:
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
    assert len(data) - start == pcm_bytes


def test_speech_without_streaming(client: openai.OpenAI, pcm_bytes: int) -> None:
    audio = client.audio.speech.create(model=MODEL, voice=VOICE, input=TEXT, response_format="pcm")
    assert len(audio.content) == pcm_bytes


def test_async_client_streams_and_is_told_errors(server: Server, pcm_bytes: int) -> None:
    async def speak() -> bytes:
        async with openai.AsyncOpenAI(base_url=f"{server.root}/v1", api_key="none", max_retries=0) as client:
            with pytest.raises(openai.NotFoundError, match="nobody"):
                await client.audio.speech.create(model=MODEL, voice="nobody", input=TEXT)
            async with client.audio.speech.with_streaming_response.create(
                model=MODEL, voice=VOICE, input=TEXT, response_format="pcm"
            ) as response:
                return b"".join([chunk async for chunk in response.iter_bytes()])

    assert len(asyncio.run(speak())) == pcm_bytes


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


def test_events(client: openai.OpenAI, pcm_bytes: int) -> None:
    audio, done = b"", None
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice=VOICE, input=TEXT, response_format="pcm", stream_format="sse"
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if not line:
                continue
            event = json.loads(line.removeprefix("data: "))
            if event["type"] == "speech.audio.delta":
                assert done is None
                audio += base64.b64decode(event["audio"])
            else:
                done = event
    assert len(audio) == pcm_bytes
    assert done is not None and done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert usage["output_tokens"] == 7 * pcm_bytes // (2 * SAMPLES_PER_FRAME)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_omnis_extra_fields_are_taken_or_named(engine: Engine, client: openai.OpenAI, pcm_bytes: int) -> None:
    """vLLM-Omni's clients send its own fields as extra_body."""
    taken = {"language": "Auto", "max_new_tokens": 2048, "seed": "7", "stream": False, "sample_rate": "24000"}
    passed_over = {"task_type": "CustomVoice", "x_vector_only_mode": False, "initial_codec_chunk_frames": 4}
    answer = client.audio.speech.with_raw_response.create(
        model=MODEL,
        voice=VOICE,
        input=TEXT,
        response_format="wav",
        instructions="Speak in a happy voice.",
        extra_body=taken | passed_over,
    )
    assert answer.headers["x-ignored-fields"].split(", ") == sorted(passed_over)
    assert int(answer.headers["content-length"]) == len(answer.content)
    with wave.open(io.BytesIO(answer.content)) as file:
        bytes_of_sound = 2 * file.getnframes()
    assert bytes_of_sound == len(answer.content) - 44
    # The model reads the style, so that the tiny checkpoint says more.
    assert bytes_of_sound > pcm_bytes if engine.vllm else bytes_of_sound == pcm_bytes


def test_a_language_or_a_script_chooses_the_voice(client: openai.OpenAI) -> None:
    """Without a voice, and with one of OpenAI's names for a text in another script."""

    def length(input: str, **fields: Any) -> int:
        return len(client.audio.speech.create(model=MODEL, input=input, response_format="pcm", **fields).content)

    assert length("வணக்கம்", voice="alloy") == length("வணக்கம்", voice="ta_female")
    assert length("hello", voice="", extra_body={"language": "en"}) == length("hello", voice="en_male")
    with pytest.raises(openai.BadRequestError) as caught:
        length("hello", voice="")
    assert caught.value.param == "voice"


def test_models(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert model.id == MODEL and client.models.retrieve(MODEL).object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("tts-9")
    assert caught.value.param == "model" and caught.value.request_id


def test_errors_are_openais(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model=MODEL, voice=VOICE, input="a" * 4097)
    assert (caught.value.param, caught.value.type) == ("input", "invalid_request_error")
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(model=MODEL, voice={"id": VOICE}, input=TEXT, speed=9)
    assert caught.value.param == "speed"


def test_retries_when_full(engine: Engine, start_server: StartServer) -> None:
    """The client retries a refused request after its Retry-After."""
    full = start_server(only_one_stream(engine.settings), *engine.arguments)
    with openai.OpenAI(base_url=f"{full.root}/v1", api_key="none", max_retries=5) as client:
        with holding_the_only_stream(full) as let_go:
            with pytest.raises(openai.APIStatusError) as caught:
                client.with_options(max_retries=0).audio.speech.create(model=MODEL, voice=VOICE, input=TEXT)
            assert caught.value.status_code in (429, 503) and "retry-after" in caught.value.response.headers
            let_go(after_s=0.5)
            assert client.audio.speech.create(model=MODEL, voice=VOICE, input=TEXT).content
