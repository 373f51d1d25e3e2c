"""Peers: Debian's Chromium, a real vLLM, espeak-ng, ffmpeg. The playground clones voices from files and from
the microphone, for which Chromium can play a file."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import Launch, chromium, complaints
from conftest import StartServer
from hearing import codec_of, likeness, seconds_heard
from reference import MODELS, SAMPLE_RATE, SAMPLES_PER_FRAME
from server_peer import Server, changed, settings_for_vllm
from vllm_peer import Vllm

SAID = "one two three four five six seven eight nine ten"
RECORDED_S = 4.0
# Time to press the buttons on a busy machine.
MORE_S = 2.0
SPOKEN_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def server(one_vllm: Vllm, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    one_vllm.ensure_started()
    return start_server(
        changed(
            settings_for_vllm(one_vllm.base_url),
            cloning={"encoder": str(MODELS / "snac-small/encoder.onnx")},
            voices={"store": str(tmp_path_factory.mktemp("voices"))},
        )
    )


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audio that the microphone plays in a loop."""
    file = tmp_path_factory.mktemp("said") / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", file, SAID], check=True)
    return file


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    with chromium() as launch:
        yield launch


@pytest.fixture(scope="module")
def deaf(launch: Launch) -> Browser:
    """A browser without a microphone."""
    return launch()


@pytest.fixture(scope="module")
def hearing(launch: Launch, said: Path) -> Browser:
    """A browser with the file as microphone, and with all permissions granted."""
    fakes = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return launch(*fakes, f"--use-file-for-fake-audio-capture={said}")


def cloning_page(browser: Browser, server: Server) -> Page:
    page = browser.new_page()
    page.goto(server.root)
    page.locator("#clone summary").click()
    return page


def test_a_voice_is_cloned_from_the_microphone(hearing: Browser, server: Server, said: Path) -> None:
    page = cloning_page(hearing, server)
    errors = complaints(page, server.root)
    record = page.locator("#record")
    record.click()
    expect(record).to_have_text("■ Stop recording")
    page.wait_for_timeout(1000 * RECORDED_S)  # a recording takes as long as its duration
    record.click()
    expect(page.locator("#reference")).to_have_text(re.compile(r"^Your recording, \d+ KiB$"))
    expect(record).to_have_text("● Record")
    page.fill("#transcript", SAID)
    page.fill("#text", "hello")
    with page.expect_request("**/v1/text-to-speech") as asked:
        page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("^Done"), timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#history li")).to_contain_text("cloned")
    page.close()
    assert not errors

    fields = asked.value.post_data_json
    assert "voice" not in fields and fields["reference_transcript"] == SAID
    sent = base64.b64decode(fields["reference_audio"])
    assert RECORDED_S - 0.5 < seconds_heard(sent) < RECORDED_S + MORE_S
    alike = likeness(sent, said.read_bytes())
    print(f"recorded: {len(sent)} bytes, alike by {alike:.2f}")
    assert alike > 0.8, "what was recorded isn't what was said"
    assert seconds_taken(server, fields["reference_audio"]) == pytest.approx(seconds_heard(sent), abs=0.2)


def seconds_taken(server: Server, recording: str) -> float:
    """The duration of a recording that the server has read."""
    response = httpx.post(f"{server.root}/v1/voice-clone", json={"reference_audio": recording}, timeout=30)
    assert response.status_code == 200, response.text
    return response.json()["audio_token_count"] / 7 * SAMPLES_PER_FRAME / SAMPLE_RATE


def test_a_browser_without_a_microphone_says_so(deaf: Browser, server: Server) -> None:
    page = cloning_page(deaf, server)
    page.click("#record")
    expect(page.locator("#status")).to_have_class("bad")
    expect(page.locator("#status")).not_to_be_empty()
    expect(page.locator("#record")).to_have_text("● Record")
    expect(page.locator("#voice")).to_be_enabled()
    page.close()


def test_a_file_is_taken_and_its_commands_work(deaf: Browser, server: Server, said: Path, tmp_path: Path) -> None:
    page = cloning_page(deaf, server)
    page.set_input_files("#file", said)
    expect(page.locator("#reference")).to_have_text(re.compile(r"^said\.wav, \d+ KiB$"))
    expect(page.locator("#voice")).to_be_disabled()
    expect(page.locator("#snippet")).to_contain_text("-F reference_audio=@recording.wav")
    page.fill("#transcript", "It's me")
    expect(page.locator("#snippet")).to_contain_text("'reference_transcript=It'\\''s me'")
    page.fill("#text", "hello")
    (tmp_path / "recording.wav").write_bytes(said.read_bytes())
    shown = page.inner_text("#snippet")
    subprocess.run(["bash", "-c", shown], check=True, cwd=tmp_path, capture_output=True, timeout=60)
    assert codec_of(tmp_path / "speech.wav") == "pcm_s16le"
    page.click("#forget")
    expect(page.locator("#voice")).to_be_enabled()
    page.close()
