"""Pipecat: a bot's pipeline that speaks through this server, as it would through ElevenLabs.

    pipecat_bot.py [FILE]

Says a greeting, as a language model would stream it, and writes what the caller hears to FILE (default greeting.wav). A
real bot has its transport's output in place of the recorder, and a language model before the speech.
"""

import asyncio
import os
import sys
import wave

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pipecat.workers.runner import WorkerRunner

URL = os.environ.get("SVARA_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("SVARA_API_KEY", "none")
RATE_HZ = 24_000
GREETING = "Namaste. Your order costs ₹1,250 and comes on 15/8/2026. Is there anything else?"


def speech(voice: str = "en_female") -> ElevenLabsTTSService:
    """What says the bot's words: ElevenLabs' service with another address."""
    return ElevenLabsTTSService(
        api_key=KEY,
        url=URL.replace("http", "ws", 1),
        sample_rate=RATE_HZ,
        settings=ElevenLabsTTSService.Settings(voice=voice),
    )


class Recorder(FrameProcessor):
    """Keeps what is heard."""

    def __init__(self) -> None:
        super().__init__()
        self.samples = bytearray()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.samples += frame.audio
        await self.push_frame(frame, direction)


async def main() -> None:
    recorder = Recorder()
    worker = PipelineWorker(
        Pipeline([speech(), recorder]),
        params=PipelineParams(audio_out_sample_rate=RATE_HZ),
    )
    words = [LLMTextFrame(text=word + " ") for word in GREETING.split()]
    await worker.queue_frames([LLMFullResponseStartFrame(), *words, LLMFullResponseEndFrame(), EndFrame()])
    runner = WorkerRunner()
    await runner.add_workers(worker)
    await runner.run()
    path = sys.argv[1] if len(sys.argv) > 1 else "greeting.wav"
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", "not compressed"))
        file.writeframes(recorder.samples)
    print(f"{len(recorder.samples) / 2 / RATE_HZ:.1f} s in {path}")


if __name__ == "__main__":
    asyncio.run(main())
