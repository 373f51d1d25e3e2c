"""Peer: Pipecat's pipelines, with its services for ElevenLabs (WebSocket and HTTP) and OpenAI."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    StartFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.elevenlabs.tts import ElevenLabsHttpTTSService, ElevenLabsTTSService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from programs import PROJECT
from server_peer import Server
from turns import FREED_WITHIN_S, REPLY, TURNS, WITHIN_S, until_speeches

RATE_HZ = 24_000
VOICE = "en_female"
TEXT = "Hello there, this is a test. It costs twelve rupees."


class Loudspeaker(BaseOutputTransport):
    """What the caller hears, at the pace of speech or at once."""

    def __init__(self, paced: bool) -> None:
        super().__init__(TransportParams(audio_out_enabled=True, audio_out_sample_rate=RATE_HZ))
        self.paced = paced
        self.samples = bytearray()
        self.heard = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        self.samples += frame.audio
        if any(frame.audio) or self.paced:
            self.heard.set()
        if self.paced:
            await asyncio.sleep(len(frame.audio) / 2 / RATE_HZ)
        return True


class Ears(FrameProcessor):
    """Keeps what the pipeline says of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.errors: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSTextFrame):
            self.words.append(frame.text)
        if isinstance(frame, ErrorFrame):
            self.errors.append(frame.error)
        await self.push_frame(frame, direction)


def websocket(server: Server, **options: object) -> ElevenLabsTTSService:
    settings = ElevenLabsTTSService.Settings(voice=VOICE)
    url = server.root.replace("http", "ws", 1)
    return ElevenLabsTTSService(api_key="none", url=url, sample_rate=RATE_HZ, settings=settings, **options)


def openai(server: Server, _http: aiohttp.ClientSession) -> TTSService:
    settings = OpenAITTSService.Settings(voice="alloy")
    return OpenAITTSService(api_key="none", base_url=f"{server.root}/v1", settings=settings)


def elevenlabs_http(server: Server, http: aiohttp.ClientSession) -> TTSService:
    settings = ElevenLabsHttpTTSService.Settings(voice=VOICE)
    return ElevenLabsHttpTTSService(
        api_key="none", aiohttp_session=http, base_url=server.root, sample_rate=RATE_HZ, settings=settings
    )


def elevenlabs(server: Server, _http: aiohttp.ClientSession) -> TTSService:
    return websocket(server)


@contextlib.asynccontextmanager
async def running(*processors: FrameProcessor) -> AsyncIterator[PipelineWorker]:
    """A pipeline that runs, and ends with the test."""
    worker = PipelineWorker(
        Pipeline([*processors]),
        params=PipelineParams(audio_out_sample_rate=RATE_HZ),
        cancel_on_idle_timeout=False,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    run = asyncio.create_task(runner.run())
    try:
        yield worker
        await worker.queue_frame(EndFrame())
        await asyncio.wait_for(run, WITHIN_S)
    finally:
        run.cancel()


def words(text: str) -> list[Frame]:
    return [LLMTextFrame(text=word + " ") for word in text.split()]


def turn(text: str) -> list[Frame]:
    return [LLMFullResponseStartFrame(), *words(text), LLMFullResponseEndFrame()]


@pytest.mark.parametrize("service", [elevenlabs, elevenlabs_http, openai])
def test_a_turn_is_heard(
    demo: Server, service: Callable[[Server, aiohttp.ClientSession], TTSService]
) -> None:
    async def scenario() -> None:
        loudspeaker, ears = Loudspeaker(paced=False), Ears()
        async with aiohttp.ClientSession() as http:
            async with running(service(demo, http), loudspeaker, ears) as worker:
                await worker.queue_frames(turn(TEXT))
                await asyncio.wait_for(loudspeaker.heard.wait(), WITHIN_S)
        assert ears.errors == []
        assert len(loudspeaker.samples) / 2 / RATE_HZ > 1.5
        # What the model is told that it has said.
        assert "".join(ears.words).replace(" ", "") == TEXT.replace(" ", "")

    asyncio.run(scenario())


@pytest.mark.parametrize("ended", [False, True], ids=["in the middle of the text", "behind the text"])
def test_twelve_interruptions_in_a_row(paced: Server, ended: bool) -> None:
    async def scenario() -> list[float]:
        loudspeaker, ears = Loudspeaker(paced=True), Ears()
        freed = []
        async with running(websocket(paced), loudspeaker, ears) as worker:
            for _ in range(TURNS):
                loudspeaker.heard.clear()
                frames = turn(REPLY * 3)
                await worker.queue_frames(frames if ended else frames[:-1])
                await asyncio.wait_for(loudspeaker.heard.wait(), WITHIN_S)
                await until_speeches(paced, 1)
                start = time.monotonic()
                await worker.queue_frame(InterruptionFrame())
                await until_speeches(paced, 0, FREED_WITHIN_S)
                freed.append(time.monotonic() - start)
        assert ears.errors == []
        return freed

    print([f"{1000 * seconds:.0f} ms" for seconds in asyncio.run(scenario())])


def test_the_example(demo: Server, tmp_path: Path) -> None:
    file = tmp_path / "greeting.wav"
    command = [sys.executable, PROJECT / "examples/pipecat_bot.py", file]
    environment = os.environ | {"SVARA_URL": demo.root}
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * WITHIN_S, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    with wave.open(str(file)) as speech:
        assert speech.getnframes() / speech.getframerate() > 3
