"""Peer: LiveKit's agent sessions, with its plugins for ElevenLabs (WebSocket and HTTP) and OpenAI."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import statistics
import time
from collections.abc import AsyncIterator
from types import ModuleType

import aiohttp
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities
from livekit.plugins import elevenlabs, openai

from programs import PROJECT
from server_peer import Server
from turns import FREED_WITHIN_S, TURNS, WITHIN_S, reply, until_speeches

VOICE = "en_female"
TEXT = "Hello there, this is a test. It costs ₹12."


class Loudspeaker(AudioOutput):
    """What the caller hears, at the pace of speech."""

    def __init__(self) -> None:
        super().__init__(label="loudspeaker", capabilities=AudioOutputCapabilities(pause=False))
        self.heard = asyncio.Event()
        self.seconds = self.segment_s = 0.0
        self.began = 0.0
        self.end: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if self.segment_s == 0:
            self.began = time.time()
            self.on_playback_started(created_at=self.began)
        self.segment_s += frame.duration
        self.seconds += frame.duration
        self.heard.set()

    def flush(self) -> None:
        super().flush()
        if self.segment_s > 0:
            left = self.began + self.segment_s - time.time()
            self.end = asyncio.get_running_loop().call_later(max(0, left), self.over, False)

    def clear_buffer(self) -> None:
        if self.segment_s > 0:
            self.over(True)

    def over(self, interrupted: bool) -> None:
        if self.end:
            self.end.cancel()
        position = min(self.segment_s, time.time() - self.began)
        self.segment_s = 0
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


def websocket(server: Server, http: aiohttp.ClientSession) -> elevenlabs.TTS:
    return elevenlabs.TTS(
        base_url=f"{server.root}/v1", api_key="none", voice_id=VOICE, encoding="pcm_24000", http_session=http
    )


@contextlib.asynccontextmanager
async def session(tts: elevenlabs.TTS, agent: Agent) -> AsyncIterator[tuple[AgentSession, Loudspeaker]]:
    loudspeaker = Loudspeaker()
    session = AgentSession(tts=tts)
    session.output.audio = loudspeaker
    await session.start(agent, record=False)
    try:
        yield session, loudspeaker
    finally:
        await session.aclose()
        await tts.aclose()


def test_a_text_is_spoken_by_each_plugin(demo: Server) -> None:
    async def scenario() -> None:
        async with aiohttp.ClientSession() as http:
            for tts in [
                websocket(demo, http),
                # Its own default, compressed.
                elevenlabs.TTS(base_url=f"{demo.root}/v1", api_key="none", voice_id=VOICE, http_session=http),
                openai.TTS(base_url=f"{demo.root}/v1", api_key="none", voice="alloy"),
                openai.TTS(base_url=f"{demo.root}/v1", api_key="none", voice=VOICE, model="tts-1", response_format="pcm"),
            ]:
                whole = await tts.synthesize(TEXT).collect()
                assert 1.5 < whole.duration < 10, tts.label
                await tts.aclose()

    asyncio.run(scenario())


def test_words_of_a_model_are_spoken_with_times(demo: Server) -> None:
    async def scenario() -> None:
        async with aiohttp.ClientSession() as http:
            tts = websocket(demo, http)
            stream = tts.stream()
            for word in TEXT.split():
                stream.push_text(word + " ")
            stream.end_input()
            seconds, timed = 0.0, []
            async for event in stream:
                seconds += event.frame.duration
                timed += event.frame.userdata.get("lk.timed_transcripts", [])
            assert 1.5 < seconds < 10
            assert "".join(timed).split()[-2:] == ["twelve", "rupees."], timed
            # As ElevenLabs', they begin anew with each flushed sentence.
            assert all(0 <= word.start_time < seconds for word in timed)
            await tts.aclose()

    asyncio.run(scenario())


def test_twelve_interruptions_in_the_middle_of_the_text(paced: Server) -> None:
    """The plugin closes the context, and nothing of the turn goes on."""

    async def scenario() -> list[float]:
        freed = []
        async with (
            aiohttp.ClientSession() as http,
            session(websocket(paced, http), Agent(instructions="")) as (agents, loudspeaker),
        ):
            for _ in range(TURNS):
                loudspeaker.heard.clear()
                never = asyncio.Event()
                handle = agents.say(reply(4, then=never))
                await asyncio.wait_for(loudspeaker.heard.wait(), WITHIN_S)
                await asyncio.sleep(0.5)  # nobody interrupts what they haven't heard
                await until_speeches(paced, 1)
                start = time.monotonic()
                handle.interrupt()
                await until_speeches(paced, 0, FREED_WITHIN_S)
                freed.append(time.monotonic() - start)
                await asyncio.wait_for(handle.wait_for_playout(), WITHIN_S)
        return freed

    print([f"{1000 * seconds:.0f} ms" for seconds in asyncio.run(scenario())])


def test_twelve_interruptions_behind_the_text(paced: Server) -> None:
    """The plugin tells nothing of them: the socket and the next turn bear it, whose first sound comes no later."""

    async def scenario() -> list[float]:
        firsts = []
        async with (
            aiohttp.ClientSession() as http,
            session(websocket(paced, http), Agent(instructions="")) as (agents, loudspeaker),
        ):
            for _ in range(TURNS):
                loudspeaker.heard.clear()
                start = time.monotonic()
                handle = agents.say(reply(2))
                await asyncio.wait_for(loudspeaker.heard.wait(), WITHIN_S)
                firsts.append(time.monotonic() - start)
                handle.interrupt()
                await asyncio.wait_for(handle.wait_for_playout(), WITHIN_S)
        return firsts

    firsts = asyncio.run(scenario())
    print([f"{1000 * seconds:.0f} ms" for seconds in firsts])
    # The turns before go on. Behind one of them, each would wait for up to 24 s; a busy machine is late with some.
    assert statistics.median(firsts) < 5


@pytest.fixture
def example(demo: Server, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("SVARA_URL", demo.root)
    spec = importlib.util.spec_from_file_location("livekit_agent", PROJECT / "examples/livekit_agent.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example(example: ModuleType) -> None:
    """The agent without a room: what it says when it comes in."""

    async def scenario() -> None:
        async with aiohttp.ClientSession() as http:
            tts = example.speech()
            tts._session = http
            async with session(tts, example.Receptionist()) as (agents, loudspeaker):
                await asyncio.wait_for(loudspeaker.heard.wait(), WITHIN_S)
                await asyncio.wait_for(agents.current_speech.wait_for_playout(), WITHIN_S)
                assert loudspeaker.seconds > 3

    asyncio.run(scenario())
