"""Peer: Debian's Chromium. The playground's Stop ends whatever sounds or runs, and one thing sounds at a time."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from playground import DONE, SPOKEN_WITHIN_MS, open_playground, speak, voice
from processes import wait_until
from server_peer import Server

LONG = "one two three four five six seven eight nine ten. " * 4
FULL = json.dumps({"detail": "all 1 streams are taken", "error": {"type": "server_full", "retryable": True}})


@pytest.fixture
def server(jobs_server: Server) -> Server:
    return jobs_server


@pytest.fixture
def page(jobs_playground: Page) -> Page:
    jobs_playground.fill("#text", LONG)
    return jobs_playground


def stop(page: Page) -> None:
    """Presses Stop, which must be possible."""
    expect(page.locator("#stop")).to_be_enabled(timeout=SPOKEN_WITHIN_MS)
    page.click("#stop")
    expect(page.locator("#stop")).to_be_disabled()


def test_two_voices_can_be_stopped(page: Page) -> None:
    page.click("#compare-go")
    expect(page.locator("#compare-tracks")).to_contain_text(re.compile(r"\d s"), timeout=SPOKEN_WITHIN_MS)
    stop(page)
    # What arrived is heard no more.
    other = page.locator("#compare-tracks button").last
    other.click()
    expect(other).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#stop")).to_be_disabled()


def test_speech_while_one_types_can_be_stopped(page: Page) -> None:
    page.click("#tab-live")
    page.fill("#live-text", LONG)
    page.click("#live-model")
    expect(page.locator("#live-first")).to_contain_text("First audio", timeout=SPOKEN_WITHIN_MS)
    stop(page)
    expect(page.locator("#live-go")).to_have_text("Speak as I type")


def test_many_listeners_can_be_stopped(page: Page) -> None:
    page.route("**/v1/text-to-speech", lambda _route: None)
    page.click("#tab-load")
    page.fill("#load-count", "2")
    page.click("#load-go")
    stop(page)
    expect(page.locator("#load-tracks .bad")).to_have_text(["stopped", "stopped"])
    # Not more of them than the page has room for.
    page.fill("#load-count", "5000")
    page.click("#load-go")
    expect(page.locator("#load-tracks .track")).to_have_count(2)


def test_a_jobs_sound_pauses_and_goes_on(page: Page) -> None:
    page.click("#tab-job")
    page.fill("#job-text", LONG)
    page.click("#job-go")
    hear = page.get_by_label("Play it")
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/audio/0" in request.url else None)
    page.evaluate("""() => {
        window.played = [];
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = function () {
            window.played.push([this, this.currentTime]);
            return play.call(this);
        };
    }""")
    hear.click(timeout=SPOKEN_WITHIN_MS)
    wait_until("it plays", lambda: page.evaluate("window.played[0]?.[0].currentTime > 0.2"))
    stop(page)
    assert page.evaluate("window.played[0][0].paused")
    hear.click()
    expect(page.locator("#stop")).to_be_enabled()
    wait_until("it plays again", lambda: page.evaluate("window.played.length === 2 && !window.played[1][0].paused"))
    assert page.evaluate("window.played[1][1]") > 0.2, "it began anew"
    hear.click()
    assert page.evaluate("window.played.every(([audio]) => audio.paused)")
    assert len(fetched) == 1
    page.get_by_text("Delete").click()
    # Where the focus was is gone.
    expect(page.locator("#job-text")).to_be_focused()


def test_speak_silences_two_voices(page: Page) -> None:
    page.click("#compare-go")
    tracks = page.locator("#compare-tracks .track")
    for track in tracks.all():
        expect(track).to_contain_text(re.compile(r"\d s"), timeout=SPOKEN_WITHIN_MS)
    page.fill("#text", "one two")
    speak(page)
    expect(page.locator("#stop")).to_be_disabled()
    other = tracks.last.locator("button")
    other.click()
    expect(other).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("end", ["Escape", "change"])
def test_it_speaks_no_more_by_itself(browser: Browser, server: Server, end: str) -> None:
    """A server that is full is asked again when it said, but not once that was ended, or the request is another one."""
    page = open_playground(browser, server.root)
    page.clock.install()
    tries = []

    def full(route: Route) -> None:
        tries.append(route.request.url)
        route.fulfill(status=503, body=FULL, headers={"retry-after": "30", "content-type": "application/json"})

    page.route("**/v1/text-to-speech", full)
    page.click("#speak")
    expect(page.locator("#retry")).to_have_text("Try again (30)")
    if end == "Escape":
        page.keyboard.press("Escape")
    else:
        page.fill("#text", "another text")
    page.clock.run_for(60_000)
    expect(page.locator("#retry")).to_have_text("Try again")
    expect(page.locator("#stop")).to_be_disabled()
    assert len(tries) == 1
    page.unroute("**/v1/text-to-speech")
    page.clock.resume()
    page.click("#retry")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    page.close()


def test_sound_goes_on_where_the_device_had_halted_it(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    page.add_init_script("""
        window.AudioContext = class extends AudioContext {
            constructor() { super(); window.ears = this; }
        };
    """)
    page.goto(server.root)
    voice(page, "en_female").check()
    page.fill("#text", "one two")
    speak(page)
    page.evaluate("window.ears.suspend()")
    page.click("#play")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    assert page.evaluate("window.ears.state") == "running"
    page.close()


def test_nothing_is_drawn_once_all_is_heard(page: Page) -> None:
    page.fill("#text", "one two")
    speak(page)
    page.evaluate("""() => {
        window.frames_ = 0;
        const usual = window.requestAnimationFrame;
        window.requestAnimationFrame = (draw) => { window.frames_ += 1; return usual(draw); };
    }""")
    # Some frames of another's.
    page.evaluate("() => new Promise((tell) => setTimeout(tell, 500))")
    assert page.evaluate("window.frames_") <= 2
    page.click("#play")
    wait_until("it is drawn again", lambda: page.evaluate("window.frames_") > 3)
