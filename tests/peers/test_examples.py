"""Peers: the programs in examples/, run as their README says, against a server with keys and the demo voice."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from websockets.sync.client import ClientConnection, connect

from chromium import chromium
from conftest import StartServer
from hearing import codec_of
from processes import Service, free_port
from programs import PROJECT
from server_peer import DEMO, Server, changed, clean_environment

EXAMPLES = PROJECT / "examples"
KEY = "a key of sixteen or more characters"
WITHIN_S = 60
ULAW_BYTES_PER_S = 8000
PYTHON = {"openai_client": "mp3", "elevenlabs_client": "mp3", "httpx_stream": "pcm"}
OTHERS = {"websocket_words.py", "speak.sh", "fetch.mjs", "page.html", "twilio_bridge.py"}
ELSEWHERE = {"home_assistant.yaml"}  # test_home_assistant.py
# tests/agents runs these: their frameworks have an environment of their own.
AGENTS = {"livekit_agent.py", "pipecat_bot.py"}


@pytest.fixture(scope="module")
def keyed(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    keys = tmp_path_factory.mktemp("keys") / "keys.toml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys.write_text(f'[[keys]]\nname = "examples"\nsha256 = "{digest}"\n')
    return start_server(changed(DEMO.settings, server={"keys_file": str(keys)}), *DEMO.arguments)


@pytest.fixture(scope="module")
def open_to(pages: str, start_server: StartServer) -> Server:
    """Without keys, for the pages of that origin."""
    return start_server(changed(DEMO.settings, server={"cors_origins": [pages]}), *DEMO.arguments)


def run(server: Server, *command: str | Path, key: str = KEY) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {"SVARA_URL": server.root, "SVARA_API_KEY": key}
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, env=environment)


def check(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_is_in_the_readme_and_run() -> None:
    # What Python leaves there isn't one of them.
    files = {path.name for path in EXAMPLES.iterdir()} - {"README.md", "__pycache__"}
    linked = set(re.findall(r"\]\(([\w.]+)\)", (EXAMPLES / "README.md").read_text()))
    assert files == linked == {f"{name}.py" for name in PYTHON} | OTHERS | ELSEWHERE | AGENTS


@pytest.mark.parametrize("name", PYTHON)
def test_python_clients(name: str, keyed: Server, tmp_path: Path) -> None:
    file = tmp_path / f"speech.{PYTHON[name]}"
    check(run(keyed, sys.executable, EXAMPLES / f"{name}.py", "one two three", file))
    assert file.stat().st_size > 5000
    if PYTHON[name] != "pcm":
        assert codec_of(file) == "mp3"


def test_a_refusal_is_shown(keyed: Server, tmp_path: Path) -> None:
    done = run(keyed, sys.executable, EXAMPLES / "httpx_stream.py", "hello", tmp_path / "x.pcm", key="wrong")
    assert done.returncode == 1 and done.stderr.startswith("401: ") and "key" in done.stderr


@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac", "wav"])
def test_shell(format: str, keyed: Server, tmp_path: Path) -> None:
    file = tmp_path / f"speech.{format}"
    check(run(keyed, EXAMPLES / "speak.sh", "नमस्ते & 100% + आप?", file))
    assert codec_of(file).startswith("pcm" if format == "wav" else format)


def test_words_of_a_language_model(keyed: Server, tmp_path: Path) -> None:
    said = check(run(keyed, sys.executable, EXAMPLES / "websocket_words.py", tmp_path / "answer.pcm"))
    assert float(re.findall(r"[\d.]+(?= s of audio)", said)[0]) > 2


def test_node(keyed: Server, tmp_path: Path) -> None:
    file = tmp_path / "speech.opus"
    check(run(keyed, node(), EXAMPLES / "fetch.mjs", "নমস্কার", file))
    assert codec_of(file) == "opus"
    refused = run(keyed, node(), EXAMPLES / "fetch.mjs", "", file)
    assert refused.returncode != 0 and "input must not be empty" in refused.stderr


def node() -> Path:
    """The Node that Playwright's package carries."""
    import playwright

    return Path(playwright.__file__).parent / "driver/node"


def test_page_of_another_origin(pages: str, open_to: Server) -> None:
    with chromium() as launch:
        page = launch().new_page()
        page.goto(f"{pages}/page.html?server={open_to.root}")
        page.fill("#text", "one two three")
        page.click("button")
        expect(page.locator("#state")).to_have_text(re.compile(r"^[\d.]+ s in all$"), timeout=WITHIN_S * 1000)
        seconds = float(page.inner_text("#state").split()[0])
    assert 0.5 < seconds < 5


@pytest.fixture
def telephone(keyed: Server, tmp_path: Path) -> Iterator[ClientConnection]:
    """A call, as Twilio's media streams announce it."""
    port = free_port()
    environment = clean_environment() | {"SVARA_URL": keyed.root, "SVARA_API_KEY": KEY}
    command = [sys.executable, EXAMPLES / "twilio_bridge.py", str(port)]
    bridge = Service("twilio_bridge", command, tmp_path / "bridge.log", environment, tmp_path)
    bridge.wait_ready(lambda: "listening" in bridge.log.read_text(), WITHIN_S)
    with connect(f"ws://127.0.0.1:{port}", open_timeout=WITHIN_S) as socket:
        socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        socket.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1"}}))
        yield socket
    bridge.stop(WITHIN_S)


def heard(socket: ClientConnection) -> Iterator[dict]:
    while True:
        yield json.loads(socket.recv(WITHIN_S))


def test_telephone_call(telephone: ClientConnection) -> None:
    sound = b""
    for message in heard(telephone):
        assert message["streamSid"] == "MZ1"
        if message["event"] == "mark":
            break
        sound += base64.b64decode(message["media"]["payload"])
    assert 3 < len(sound) / ULAW_BYTES_PER_S < 15


def test_a_key_press_interrupts_the_call(telephone: ClientConnection) -> None:
    messages = heard(telephone)
    assert next(messages)["event"] == "media"
    telephone.send(json.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}}))
    after = next(message["event"] for message in messages if message["event"] != "media")
    assert after == "clear"  # no mark: the speech didn't end
