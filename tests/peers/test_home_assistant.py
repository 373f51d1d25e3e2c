"""Peer: examples/home_assistant.yaml, used as Home Assistant's REST and Wyoming integrations use it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import jinja2
import pytest
import yaml
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from conftest import StartServer
from processes import free_port
from programs import PROJECT
from server_peer import DEMO, Server, changed

WITHIN_S = 60


@pytest.fixture(scope="module")
def wyoming_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def in_the_house(wyoming_port: int, start_server: StartServer) -> Server:
    """Without keys, with the port that Home Assistant speaks to."""
    wyoming = {"wyoming": f"127.0.0.1:{wyoming_port}"}
    return start_server(changed(DEMO.settings, server=wyoming), *DEMO.arguments)


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "examples/home_assistant.yaml").read_text())


def test_sensor(package: dict[str, Any], in_the_house: Server) -> None:
    """As its REST integration reads it: the address, then the template over the JSON."""
    (rest,) = package["rest"]
    url = rest["resource"].replace("http://127.0.0.1:8080", in_the_house.root)
    template = rest["binary_sensor"][0]["value_template"]
    healthy = httpx.get(url, timeout=WITHIN_S)
    assert (healthy.status_code, rendered(template, value_json=healthy.json())) == (200, "True")
    assert rendered(template, value_json={"status": "unhealthy"}) == "False"


@pytest.mark.parametrize("voice", [None, "ta_male"])
def test_script(
    voice: str | None, package: dict[str, Any], in_the_house: Server, wyoming_port: int
) -> None:
    """As its Wyoming integration asks: the entity's name, a language and a voice that the server lists, and a text."""
    script = package["script"]["svara_say"]
    given = {"message": "one two three", "speaker": "media_player.kitchen"} | ({"voice": voice} if voice else {})
    assert set(given) | {"voice"} == set(script["fields"])
    speak = script["sequence"][-1]
    assert speak["action"] == "tts.speak"
    data = speak["data"]
    language, name = rendered(data["language"], **given), rendered(data["options"]["voice"], **given)
    info, sound = asyncio.run(spoken_in_the_house(wyoming_port, rendered(data["message"], **given), name))
    (program,) = info.tts
    assert speak["target"]["entity_id"] == f"tts.{program.name}"
    assert [name] == [voice.name for voice in program.voices if voice.name == name and language in voice.languages]
    assert len(sound) > 24_000
    automation = package["automation"][0]["actions"][0]
    assert automation["action"] == "script.svara_say" and set(automation["data"]) <= set(script["fields"])


def rendered(template: str, **values: Any) -> str:
    return jinja2.Template(template).render(**values)


async def spoken_in_the_house(port: int, text: str, voice: str) -> tuple[Info, bytes]:
    async with asyncio.timeout(WITHIN_S), AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Describe().event())
        described = await client.read_event()
        await client.write_event(Synthesize(text=text, voice=SynthesizeVoice(name=voice)).event())
        sound = b""
        while not AudioStop.is_type((event := await client.read_event()).type):
            if AudioChunk.is_type(event.type):
                sound += AudioChunk.from_event(event).audio
        return Info.from_event(described), sound
