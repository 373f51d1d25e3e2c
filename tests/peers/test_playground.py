"""Peers: Debian's Chromium, the demo voice and a real vLLM. The playground speaks, plays, stops, and shows working
code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import complaints
from conftest import StartServer
from hearing import codec_of
from playground import ENGLISH, SPOKEN_WITHIN_MS, choose_format, note_changes, open_playground, speak, wait_until_said
from processes import wait_until
from quick import quick, quick_frames
from reference import SAMPLE_RATE, SAMPLES_PER_FRAME
from server_peer import Engine, Server

NODE = Path(".venv-peers/lib").absolute()


@pytest.fixture(scope="module")
def server(engine: Engine, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    return start_server(quick(engine, tmp_path_factory.mktemp("quick")), *engine.arguments)


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    page = open_playground(browser, server.root)
    errors = complaints(page, server.root)
    yield page
    page.close()
    assert not errors


def test_speaks_and_shows_what_it_took(page: Page, engine: Engine) -> None:
    speak(page)
    for _ in range(2):
        # Other work on the machine may hold the sound up, but not each time.
        if not engine.vllm and (float(page.inner_text("#rtf")) >= 1 or page.inner_text("#gaps") != "0"):
            speak(page)
    assert re.fullmatch(r"\d+ ms", page.inner_text("#first"))
    seconds = float(page.inner_text("#length").removesuffix(" s"))
    if engine.vllm:
        # A real engine on a CPU may be slower than playback, but its output is known.
        assert seconds == pytest.approx(quick_frames(ENGLISH) * SAMPLES_PER_FRAME / SAMPLE_RATE, abs=0.01)
        assert float(page.inner_text("#rtf")) > 0
    else:
        assert 1 < seconds < 5
        assert 0 < float(page.inner_text("#rtf")) < 1
        assert page.inner_text("#gaps") == "0"
    wait_until("the waveform is drawn", lambda: loudest_bar(page) > 0.3)


def test_says_done_once_all_is_heard(page: Page) -> None:
    """While it is played, the page says so, and Stop can be pressed; afterwards neither."""
    # An engine slower than playback leaves only a moment between its last audio and the end, so nothing is polled.
    note_changes(page, "status")
    speak(page)
    said = page.evaluate("window.said")
    assert ["Playing…", False] in said
    assert said[-1][0].startswith("Done") and said[-1][1], said
    assert all(disabled == text.startswith("Done") for text, disabled in said), said
    # It is drawn in frames, the next of which may come late.
    at_end = "Number(seek.value) + 0.1 > parseFloat(document.getElementById('length').textContent)"
    wait_until("the slider is at the end", lambda: page.evaluate(at_end))


def test_what_was_spoken_can_be_kept_and_heard_again(page: Page, tmp_path: Path) -> None:
    for format_name in ("wav", "mp3", "pcm", "opus"):
        choose_format(page, format_name)
        speak(page)
    entries = page.locator("#history li")
    expect(entries).to_have_count(4)
    for entry in entries.all():
        note_changes(page, "status")
        entry.get_by_label("Play again").click()
        wait_until_said(page, "Playing…")
    for format_name, codec in (("mp3", "mp3"), ("opus", "opus"), ("wav", "pcm_s16le")):
        with page.expect_download() as download:
            page.locator("#history").get_by_label(f"Save as {format_name}").click()
        kept = tmp_path / f"speech.{format_name}"
        download.value.save_as(kept)
        assert codec_of(kept) == codec


def test_a_speech_can_be_had_in_any_format(page: Page, tmp_path: Path) -> None:
    """The same speech, not another: the sizes of the same samples in two formats agree."""
    expect(page.locator("#save")).to_be_disabled()
    speak(page)
    seconds = float(page.inner_text("#length").removesuffix(" s"))
    for format_name, codec in (("wav", "pcm_s16le"), ("flac", "flac"), ("ulaw", "pcm_mulaw")):
        page.select_option("#save-as", format_name)
        with page.expect_download() as download:
            page.click("#save")
        kept = tmp_path / f"speech.{format_name}"
        download.value.save_as(kept)
        if format_name == "ulaw":
            assert kept.stat().st_size == pytest.approx(8000 * seconds, abs=200)
        else:
            assert codec_of(kept) == codec
    header = (tmp_path / "speech.wav").read_bytes()
    assert int.from_bytes(header[4:8], "little") == len(header) - 8, "the sizes of the file are open"


@pytest.mark.parametrize("api", ["svara", "openai", "elevenlabs"])
def test_the_shown_code_works(page: Page, api: str, tmp_path: Path) -> None:
    """The copied code produces the file, in a shell, in Python and in JavaScript."""
    page.fill("#text", "It's one, two")
    page.click(f"#api-{api}")
    python = Path(".venv-peers/bin/python").absolute()
    node = next(NODE.glob("python*/site-packages/playwright/driver/node"))
    for language, command in (
        ("curl", ["bash", "-c"]),
        ("python", [python, "-c"]),
        ("javascript", [node, "--input-type=module", "-e"]),
    ):
        page.click(f"#tab-{language}")
        subprocess.run(
            [*command, page.inner_text("#snippet")], check=True, cwd=tmp_path, capture_output=True, timeout=60
        )
        assert codec_of(tmp_path / "speech.wav") == "pcm_s16le", language
        (tmp_path / "speech.wav").unlink()


def test_the_keyboard_speaks_and_stops(page: Page, engine: Engine, server: Server) -> None:
    page.fill("#text", "one two three four five six seven eight nine ten. " * 60)
    page.focus("#text")
    note_changes(page, "status")
    page.keyboard.press("Control+Enter")
    wait_until_said(page, "Speaking…", SPOKEN_WITHIN_MS)
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(page.locator("#stop")).to_be_disabled()
    wait_until("the stream is gone", lambda: open_streams(server) == 0)
    if engine.vllm:
        engine.vllm.idle(within_s=10)
    expect(page.locator("#history li")).to_have_count(0)
    # What has arrived can still be heard. It may be no more than the first 58 ms.
    note_changes(page, "play")
    page.click("#play")
    wait_until_said(page, "❚❚")


def test_a_text_that_is_too_long_becomes_a_job(page: Page) -> None:
    page.fill("#text", "a" * 6000)
    expect(page.locator("#count")).to_have_class(re.compile("over"))
    expect(page.locator("#speak")).to_be_disabled()
    page.click("#to-job")
    expect(page.locator("#job-text")).to_be_focused()
    assert len(page.input_value("#job-text")) == 6000


def open_streams(server: Server) -> int:
    return httpx.get(f"{server.root}/health").json()["open_streams"]


def loudest_bar(page: Page) -> float:
    """The height of the waveform's tallest bar, relative to the canvas; the playhead doesn't count."""
    return page.evaluate("""() => {
        const { width, height } = document.getElementById('wave');
        const { data } = document.getElementById('wave').getContext('2d').getImageData(0, 0, width * 0.9, height / 2);
        const first = data.findIndex((value) => value > 0);
        return first < 0 ? 0 : 1 - Math.floor(first / 4 / Math.round(width * 0.9)) / (height / 2);
    }""")
