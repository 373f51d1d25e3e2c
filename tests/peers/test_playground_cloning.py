"""Peers: Debian's Chromium, a real vLLM, espeak-ng, ffmpeg. The playground clones voices from files and from
the microphone, for which Chromium can play a file; cuts recordings, and keeps voices."""

from __future__ import annotations

import base64
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import Launch, chromium, complaints
from conftest import StartServer
from hearing import codec_of, likeness, seconds_heard
from playground import DONE, SPOKEN_WITHIN_MS, voice
from processes import wait_until
from reference import MODELS, SAMPLE_RATE, SAMPLES_PER_FRAME
from server_peer import Server, changed, settings_for_vllm
from vllm_peer import Vllm

SAID = "one two three four five six seven eight nine ten"
RECORDED_S = 4.0
LONGEST_S = 30.0


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
    voice(page, "en_female").check()
    page.locator("#clone summary").click()
    expect(page.locator("#language")).to_have_value("en")
    return page


def test_a_voice_is_cloned_from_the_microphone(hearing: Browser, server: Server, said: Path) -> None:
    page = cloning_page(hearing, server)
    errors = complaints(page, server.root)
    expect(page.locator("#to-read")).to_contain_text("Long ago")
    record = page.locator("#record")
    pressed = time.monotonic()
    record.click()
    expect(record).to_have_text("■ Stop recording")
    recording_since = time.monotonic()
    level = page.locator("#level")
    wait_until("the level is shown", lambda: level.evaluate("element => element.value") > 0.3)
    page.wait_for_timeout(1000 * RECORDED_S)  # a recording takes as long as its duration
    left_s = int(re.fullmatch(r"(\d+) s left", page.inner_text("#left")).group(1))
    # At least as long as this, and at most as long as that.
    least_s = time.monotonic() - recording_since
    record.click()
    most_s = time.monotonic() - pressed
    assert LONGEST_S - most_s - 1 <= left_s <= LONGEST_S - RECORDED_S + 1
    expect(page.locator("#reference")).to_have_text(re.compile(r"^Your recording, [\d.]+ s, \d+ KiB$"))
    expect(record).to_have_text("● Record")
    page.fill("#transcript", SAID)
    page.fill("#text", "hello")
    # Not without the speaker's consent.
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("person who speaks agrees"))
    expect(page.locator("#consent")).to_be_focused()
    page.check("#consent")
    with page.expect_request("**/v1/text-to-speech") as asked:
        page.click("#speak")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#history li")).to_contain_text("cloned")
    page.close()
    assert not errors

    fields = asked.value.post_data_json
    assert "voice" not in fields and fields["reference_transcript"] == SAID
    # By its rules numbers and dates are read.
    assert fields["language"] == "en"
    sent = base64.b64decode(fields["reference_audio"])
    assert least_s - 0.5 < seconds_heard(sent) < most_s + 0.5
    alike = likeness(sent, said.read_bytes())
    print(f"recorded: {len(sent)} bytes, alike by {alike:.2f}")
    assert alike > 0.8, "what was recorded isn't what was said"
    assert seconds_taken(server, fields["reference_audio"]) == pytest.approx(seconds_heard(sent), abs=0.2)


def seconds_taken(server: Server, recording: str) -> float:
    """The duration of a recording that the server has read."""
    response = httpx.post(f"{server.root}/v1/voice-clone", json={"reference_audio": recording}, timeout=30)
    assert response.status_code == 200, response.text
    return response.json()["audio_token_count"] / 7 * SAMPLES_PER_FRAME / SAMPLE_RATE


def test_escape_stops_a_recording(hearing: Browser, server: Server) -> None:
    page = cloning_page(hearing, server)
    page.click("#record")
    expect(page.locator("#record")).to_have_text("■ Stop recording")
    page.wait_for_timeout(300)  # some sound
    page.keyboard.press("Escape")
    expect(page.locator("#record")).to_have_text("● Record")
    expect(page.locator("#reference")).to_contain_text("Your recording")
    page.close()


def test_a_browser_without_a_microphone_says_so(deaf: Browser, server: Server) -> None:
    page = cloning_page(deaf, server)
    page.click("#record")
    expect(page.locator("#status")).to_have_text("No microphone found. Connect one, or choose a file instead.")
    expect(page.locator("#record")).to_have_text("● Record")
    expect(page.locator("#filter")).to_be_enabled()
    page.close()


def test_a_file_is_taken_and_its_commands_work(deaf: Browser, server: Server, said: Path, tmp_path: Path) -> None:
    page = cloning_page(deaf, server)
    page.set_input_files("#file", said)
    expect(page.locator("#reference")).to_have_text(re.compile(r"^said\.wav, [\d.]+ s, \d+ KiB$"))
    expect(page.locator("#filter")).to_be_disabled()
    expect(page.locator("#snippet")).to_contain_text("-F reference_audio=@recording.wav")
    expect(page.locator("#snippet")).to_contain_text("language=en")
    # Other APIs have no such field.
    page.click("#api-openai")
    expect(page.locator("#code-note")).to_be_visible()
    page.fill("#transcript", "It's me")
    expect(page.locator("#snippet")).to_contain_text("'reference_transcript=It'\\''s me'")
    page.fill("#text", "hello")
    (tmp_path / "recording.wav").write_bytes(said.read_bytes())
    shown = page.inner_text("#snippet")
    subprocess.run(["bash", "-c", shown], check=True, cwd=tmp_path, capture_output=True, timeout=60)
    assert codec_of(tmp_path / "speech.wav") == "pcm_s16le"
    page.click("#forget")
    expect(page.locator("#filter")).to_be_enabled()
    page.close()


def test_a_recording_is_cut_and_kept_as_a_voice(deaf: Browser, server: Server, said: Path) -> None:
    page = cloning_page(deaf, server)
    page.set_input_files("#file", said)
    page.fill("#cut-from", "0.5")
    page.fill("#cut-to", "2.5")
    expect(page.locator("#reference")).to_have_text(re.compile(r"^said\.wav, 2\.0 s, \d+ KiB$"))
    page.click("#keep")
    expect(page.locator("#status")).to_have_text(re.compile("agrees"))
    page.check("#consent")
    page.click("#keep")
    expect(page.locator("#status")).to_have_text("Give the voice a name.")
    page.fill("#keep-name", "Asha")
    page.select_option("#keep-gender", "female")
    with page.expect_request("**/v1/voices") as asked:
        page.click("#keep")
    sent = asked.value.post_data_json
    assert (sent["name"], sent["language"], sent["gender"], sent["consent"]) == ("Asha", "en", "female", True)
    assert seconds_heard(base64.b64decode(sent["audio"])) == pytest.approx(2.0, abs=0.05)
    # It is chosen, first in the list, and nothing is left of the recording.
    expect(page.locator("#voices .card").first).to_contain_text("Asha")
    expect(page.locator("#voices input").first).to_be_checked()
    expect(page.locator("#filter")).to_be_enabled()
    expect(page.locator("#snippet")).not_to_contain_text("reference_audio")
    page.reload()
    expect(page.locator("#voices input").first).to_be_checked()
    page.close()
