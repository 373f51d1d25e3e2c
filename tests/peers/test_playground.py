"""Peer: Debian's Chromium, with the demo voice and a real vLLM. Tests the playground's speech, stop, errors and layout,
with keyboard, phone and dark theme."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import chromium, complaints
from conftest import StartServer
from hearing import codec_of
from processes import wait_until
from quick import quick, quick_frames
from reference import SAMPLE_RATE, SAMPLES_PER_FRAME
from server_peer import Engine, Server

SPOKEN_WITHIN_MS = 60_000
DONE = re.compile("^Done")
ENGLISH = "one two three four five"


@pytest.fixture(scope="module")
def server(engine: Engine, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    return start_server(quick(engine, tmp_path_factory.mktemp("quick")), *engine.arguments)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launch:
        yield launch()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The playground, ready to speak English. At the end, its console may have only expected errors."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    errors = complaints(page, server.root)
    page.goto(server.root)
    page.locator("#language option[value=en]").wait_for(state="attached")
    page.select_option("#language", "en")
    page.fill("#text", ENGLISH)
    yield page
    page.close()
    unexpected = [error for error in errors if "status of 422" not in error]
    assert not unexpected


def speak(page: Page) -> None:
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)


def test_speaks_and_shows_what_it_took(page: Page, engine: Engine) -> None:
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
    wait_until("the waveform is drawn", lambda: loudest_bar(page) > 0.3, 5)


def test_what_was_spoken_can_be_kept_and_heard_again(page: Page, tmp_path: Path) -> None:
    for format_name in ("wav", "mp3", "pcm"):
        page.evaluate("document.getElementById('more').open = true")
        page.select_option("#format", format_name)
        speak(page)
    entries = page.locator("#history li")
    expect(entries).to_have_count(3)
    for entry in entries.all():
        entry.locator("button").click()
        expect(page.locator("#status")).not_to_have_class("bad")
    with page.expect_download() as download:
        page.locator("#history a", has_text="mp3").click()
    kept = tmp_path / "speech.mp3"
    download.value.save_as(kept)
    assert codec_of(kept) == "mp3"


def test_the_shown_commands_work(page: Page, tmp_path: Path) -> None:
    """The copied code produces the file, in a shell and in Python."""
    page.fill("#text", "It's one, two")
    subprocess.run(
        ["bash", "-c", page.inner_text("#snippet")], check=True, cwd=tmp_path, capture_output=True, timeout=60
    )
    assert codec_of(tmp_path / "speech.wav") == "pcm_s16le"
    (tmp_path / "speech.wav").unlink()
    page.focus("#tab-curl")
    page.keyboard.press("ArrowRight")
    python = Path(".venv-peers/bin/python").absolute()
    subprocess.run([python, "-c", page.inner_text("#snippet")], check=True, cwd=tmp_path, timeout=60)
    assert codec_of(tmp_path / "speech.wav") == "pcm_s16le"


def test_the_keyboard_speaks_and_stops(page: Page, engine: Engine, server: Server) -> None:
    page.fill("#text", "one two three four five six seven eight nine ten. " * 60)
    page.focus("#text")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status")).to_have_text("Speaking…", timeout=SPOKEN_WITHIN_MS)
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_have_text("")
    wait_until("the stream is gone", lambda: open_streams(server) == 0, 10)
    if engine.vllm:
        engine.vllm.idle(within_s=10)
    expect(page.locator("#history li")).to_have_count(0)


def test_what_the_server_refuses_is_said(page: Page) -> None:
    page.fill("#text", "a" * 6000)
    expect(page.locator("#count")).to_have_class("over")
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("text has 6000 characters"), timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#status")).to_have_class("bad")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_a_phone_in_both_themes(page: Page, scheme: str, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.getElementById('more').open = true")
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], "the page is wider than the phone"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(value) for value in re.findall(r"\d+", paper)[:3]) / 3
    assert (brightness < 128) == (scheme == "dark")
    page.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)


def test_the_api_is_shown_as_a_page(browser: Browser, server: Server) -> None:
    """Swagger UI under its content security policy: no console errors, and its requests succeed."""
    page = browser.new_page()
    errors = complaints(page, server.root)
    page.goto(f"{server.root}/docs")
    health = page.locator("#operations-operations-health")
    health.locator(".opblock-summary-control").click()
    health.locator(".execute").click()
    expect(health.locator(".live-responses-table")).to_contain_text("healthy")
    page.close()
    assert not errors


def open_streams(server: Server) -> int:
    return httpx.get(f"{server.root}/health").json()["open_streams"]


def loudest_bar(page: Page) -> float:
    """The height of the waveform's tallest bar, relative to the canvas."""
    return page.evaluate("""() => {
        const { width, height } = document.getElementById('wave');
        const { data } = document.getElementById('wave').getContext('2d').getImageData(0, 0, width, height / 2);
        const first = data.findIndex((value) => value > 0);
        return first < 0 ? 0 : 1 - Math.floor(first / 4 / width) / (height / 2);
    }""")
