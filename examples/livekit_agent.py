"""LiveKit: an agent that speaks through this server, as it would through ElevenLabs.

    LIVEKIT_URL=… LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… livekit_agent.py dev

A real agent has a language model and speech recognition in its session, too. Where they interrupt, the plugin tells the
server while text is still coming; once the whole turn is sent, it only stops listening, and the server speaks to the end.
"""

import os

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import elevenlabs

URL = os.environ.get("SVARA_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("SVARA_API_KEY", "none")


def speech(voice: str = "en_female") -> elevenlabs.TTS:
    """What says the agent's words: ElevenLabs' plugin with another address. PCM needs no decoding."""
    return elevenlabs.TTS(base_url=f"{URL}/v1", api_key=KEY, voice_id=voice, encoding="pcm_24000")


class Receptionist(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You answer the telephone of a shop.")

    async def on_enter(self) -> None:
        self.session.say("Namaste. Your order costs ₹1,250 and comes on 15/8/2026. Is there anything else?")


server = AgentServer()


@server.rtc_session()
async def answer(job: JobContext) -> None:
    session = AgentSession(tts=speech())
    await session.start(Receptionist(), room=job.room)


if __name__ == "__main__":
    cli.run_app(server)
