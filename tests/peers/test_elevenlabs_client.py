"""Peer: the official elevenlabs package, over TLS, with the demo voice and with a real vLLM behind our server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from elevenlabs import VoiceSettings
from elevenlabs.client import AsyncElevenLabs, ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from websockets.sync.client import connect

from holding import holding_the_only_stream, only_one_stream
from reference import SAMPLES_PER_FRAME, expected_frames
from server_peer import Engine
from tls_peer import TlsServer

TEXT, VOICE = "hello", "hi_female"
SENTENCES = ["One is ", "here. ", "Two ", "is there. ", "Three"]
PCM = "pcm_24000"
VOICES = 38


@pytest.fixture(scope="module")
def server(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path_factory.mktemp("tls"), engine.settings, engine.arguments)
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def client(server: TlsServer) -> Iterator[ElevenLabs]:
    with client_of(server) as client:
        yield client


@contextlib.contextmanager
def client_of(server: TlsServer) -> Iterator[ElevenLabs]:
    with httpx.Client(verify=server.context, timeout=120) as http:
        yield ElevenLabs(base_url=server.root, api_key="none", httpx_client=http)


def check(engine: Engine, pcm: bytes) -> None:
    """The tiny checkpoint generates a known number of frames; the demo voice must be audible."""
    if engine.vllm:
        assert len(pcm) == 2 * SAMPLES_PER_FRAME * expected_frames(TEXT, VOICE)
    else:
        assert len(pcm) > 2 * SAMPLES_PER_FRAME and max(pcm) > 0


def test_convert(engine: Engine, client: ElevenLabs) -> None:
    check(engine, b"".join(client.text_to_speech.convert(VOICE, text=TEXT, output_format=PCM)))
    mp3 = b"".join(client.text_to_speech.convert(VOICE, text=TEXT, model_id="eleven_multilingual_v2"))
    assert mp3[0] == 0xFF or mp3[:3] == b"ID3"


def test_stream(engine: Engine, client: ElevenLabs) -> None:
    settings = VoiceSettings(stability=0.5, similarity_boost=0.75, style=0, use_speaker_boost=True, speed=1.0)
    check(
        engine,
        b"".join(client.text_to_speech.stream(VOICE, text=TEXT, output_format=PCM, voice_settings=settings, seed=1)),
    )


def test_convert_with_timestamps(engine: Engine, client: ElevenLabs) -> None:
    answer = client.text_to_speech.convert_with_timestamps(VOICE, text=TEXT, output_format=PCM)
    pcm = base64.b64decode(answer.audio_base_64)
    check(engine, pcm)
    assert answer.alignment is not None and answer.normalized_alignment is not None
    assert "".join(answer.alignment.characters) == TEXT
    assert answer.alignment.character_end_times_seconds[-1] == pytest.approx(len(pcm) / 48000, abs=1e-3)


def test_stream_with_timestamps(engine: Engine, client: ElevenLabs) -> None:
    chunks = list(client.text_to_speech.stream_with_timestamps(VOICE, text=TEXT, output_format=PCM))
    check(engine, b"".join(base64.b64decode(chunk.audio_base_64) for chunk in chunks))
    said = "".join(c for chunk in chunks if chunk.alignment for c in chunk.alignment.characters)
    assert said == TEXT


def test_async_client(engine: Engine, server: TlsServer) -> None:
    async def speak() -> tuple[bytes, int]:
        async with httpx.AsyncClient(verify=server.context, timeout=120) as http:
            client = AsyncElevenLabs(base_url=server.root, api_key="none", httpx_client=http)
            with pytest.raises(ApiError) as caught:
                await anext(aiter(client.text_to_speech.stream("nobody", text=TEXT)))
            assert caught.value.body["detail"]["status"] == "voice_not_found"
            chunks = [c async for c in client.text_to_speech.stream(VOICE, text=TEXT, output_format=PCM)]
            voices = await client.voices.search(page_size=100)
            return b"".join(chunks), len(voices.voices)

    pcm, voices = asyncio.run(speak())
    check(engine, pcm)
    assert voices == VOICES


def test_voices_and_models(client: ElevenLabs) -> None:
    voices = client.voices.get_all().voices
    assert len(voices) == VOICES and all(voice.category == "premade" for voice in voices)
    labels = client.voices.get(VOICE).labels or {}
    assert labels.items() >= {"gender": "female", "language": "hi"}.items()
    assert client.voices.settings.get(VOICE).speed == 1.0
    seen, token = [], None
    while True:
        page = client.voices.search(page_size=20, next_page_token=token)
        seen += [voice.voice_id for voice in page.voices]
        token = page.next_page_token
        if not page.has_more:
            break
    assert len(set(seen)) == VOICES
    (model,) = client.models.list()
    assert model.can_do_text_to_speech and len(model.languages or []) == 19


def test_errors(client: ElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        client.text_to_speech.convert_with_timestamps("nobody", text=TEXT)
    assert caught.value.status_code == 404 and caught.value.body["detail"]["status"] == "voice_not_found"
    with pytest.raises(UnprocessableEntityError) as invalid:
        client.text_to_speech.convert_with_timestamps(VOICE, text="")
    assert invalid.value.body["detail"][0]["loc"] == ["body", "text"]
    with pytest.raises(ApiError) as refused:
        next(iter(client.text_to_speech.convert(VOICE, text=TEXT, output_format="mp3_1_1")))
    assert refused.value.status_code == 400


def test_retries_when_full(engine: Engine, tmp_path: Path) -> None:
    """With the package's own retries, the stream is free again; without them, the error says what is wrong."""
    full = TlsServer(tmp_path, only_one_stream(engine.settings), engine.arguments)
    full.wait_ready()
    try:
        with client_of(full) as client, holding_the_only_stream(full, verify=full.context) as let_go:
            speak = client.text_to_speech.convert_with_timestamps
            with pytest.raises(ApiError) as caught:
                speak(VOICE, text=TEXT, request_options={"max_retries": 0})
            assert caught.value.status_code in (429, 503) and "retry-after" in caught.value.headers
            let_go(after_s=0.5)
            assert speak(VOICE, text=TEXT, output_format=PCM, request_options={"max_retries": 5}).audio_base_64
    finally:
        full.stop()


def test_realtime_over_tls(
    engine: Engine, server: TlsServer, client: ElevenLabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package forces wss; its socket trusts the certificates in OpenSSL's own variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca))
    pcm = b"".join(client.text_to_speech.convert_realtime(VOICE, text=iter(SENTENCES), output_format=PCM))
    assert len(pcm) > 0 and len(pcm) % (2 * SAMPLES_PER_FRAME if engine.vllm else 2) == 0
    with pytest.raises(ApiError) as caught:
        list(client.text_to_speech.convert_realtime("nobody", text=iter(SENTENCES), output_format=PCM))
    assert "nobody" in str(caught.value.body)


def test_several_contexts_over_tls(engine: Engine, server: TlsServer) -> None:
    """As agent frameworks do: two contexts, one of which is closed before its speech has ended."""
    path = f"/v1/text-to-speech/{VOICE}/multi-stream-input?output_format={PCM}&auto_mode=true"
    audio: dict[str, bytes] = {"a": b"", "b": b""}
    with connect(f"wss://127.0.0.1:{server.port}{path}", ssl=server.context) as socket:
        for context in audio:
            socket.send(json.dumps({"text": " ", "context_id": context}))
            socket.send(json.dumps({"text": TEXT + " ", "context_id": context}))
        socket.send(json.dumps({"text": "", "context_id": "a"}))
        socket.send(json.dumps({"context_id": "b", "close_context": True}))
        socket.send(json.dumps({"context_id": "a", "flush": True}))
        socket.send(json.dumps({"close_socket": True}))
        final = set()
        for message in map(json.loads, socket):
            if message.get("isFinal"):
                final.add(message["contextId"])
            else:
                audio[message["contextId"]] += base64.b64decode(message["audio"])
    assert socket.close_code == 1000 and final == {"a", "b"}
    check(engine, audio["a"])
