"""Peer: Debian's Chromium. The playground where its user is quick: what is pressed twice, and what begins before another ends."""

from __future__ import annotations

import base64
import json
import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from playground import SPOKEN_WITHIN_MS, choose_format, note_changes, speak
from processes import wait_until
from server_peer import Server

# Has the page wait until a test lets a file be decoded.
HELD_DECODING = """() => {
    [window.decoding, window.decoded] = [[], 0];
    const usual = BaseAudioContext.prototype.decodeAudioData;
    BaseAudioContext.prototype.decodeAudioData = async function (file) {
        await new Promise((go) => window.decoding.push(go));
        const sound = await usual.call(this, file);
        window.decoded += 1;
        return sound;
    };
}"""
# A microphone that hums, and that is allowed once a test says so.
HELD_MICROPHONE = """
    window.asked = [];
    window.tracks = [];
    navigator.mediaDevices.getUserMedia = async () => {
        await new Promise((allow) => window.asked.push(allow));
        const context = new AudioContext();
        const [hum, out] = [context.createOscillator(), context.createMediaStreamDestination()];
        hum.connect(out);
        hum.start();
        window.tracks.push(...out.stream.getTracks());
        return out.stream;
    };
"""
OPEN_TRACKS = "window.tracks.filter((track) => track.readyState !== 'ended').length"


@pytest.fixture
def server(jobs_server: Server) -> Server:
    return jobs_server


@pytest.fixture
def page(jobs_playground: Page) -> Page:
    return jobs_playground


def wait_for(page: Page, what: str, condition: str) -> None:
    wait_until(what, lambda: page.evaluate(condition), SPOKEN_WITHIN_MS / 1000)


def length(page: Page) -> float:
    return float(page.inner_text("#length").removesuffix(" s"))


def test_a_speech_that_is_given_up_while_it_is_decoded_leaves_the_next_alone(page: Page) -> None:
    page.evaluate(HELD_DECODING)
    choose_format(page, "mp3")
    for count in (1, 2):
        page.click("#speak")
        wait_for(page, "it is decoded", f"window.decoding.length === {count}")
    page.evaluate("window.decoding[0]()")
    wait_for(page, "the first one has ended", "window.decoded === 1")
    page.evaluate("window.decoding[1]()")
    expect(page.locator("#status")).to_have_text(re.compile("^(Playing|Done)"), timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#history li")).to_have_count(1)
    expect(page.locator("#play")).to_be_enabled()
    assert float(page.get_attribute("#seek", "max")) == pytest.approx(length(page), abs=0.1)


def test_a_speech_heard_again_twice_is_heard_once(page: Page) -> None:
    choose_format(page, "mp3")
    speak(page)
    page.evaluate(HELD_DECODING)
    again = page.get_by_label("Play again")
    for count in (1, 2):
        again.click()
        wait_for(page, "it is decoded", f"window.decoding.length === {count}")
    note_changes(page, "status")
    page.evaluate("for (const go of window.decoding) go()")
    wait_for(page, "it plays", "window.said.some(([said]) => said === 'Playing…')")
    expect(page.locator("#status")).to_have_text(re.compile("^Done"), timeout=SPOKEN_WITHIN_MS)
    assert float(page.get_attribute("#seek", "max")) == pytest.approx(length(page), abs=0.1)


def test_one_press_or_two_make_one_job(page: Page) -> None:
    posted: list[Route] = []

    def held(route: Route) -> None:
        if route.request.method == "POST":
            posted.append(route)
        else:
            route.fallback()

    page.route("**/v1/jobs", held)
    page.click("#tab-job")
    page.fill("#job-text", "one two three")
    page.locator("#job-go").dblclick()
    # Routes are heard of while the page is spoken to.
    wait_until("it is asked for", lambda: page.evaluate("1") == 1 and len(posted) > 0)
    # Whatever the other press asked for would have been heard of before this.
    page.evaluate("fetch('health').then((answer) => answer.text())")
    assert len(posted) == 1
    posted[0].fallback()
    expect(page.locator("#jobs li")).to_have_count(1)
    # And then another.
    page.fill("#job-text", "four five six")
    page.click("#job-go")
    wait_until("it is asked for", lambda: page.evaluate("1") == 1 and len(posted) == 2)
    posted[1].fallback()
    expect(page.locator("#jobs li")).to_have_count(2)


@pytest.fixture
def cloning(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of a server that would take recordings, with a microphone that can be held up."""
    page = browser.new_page()
    page.add_init_script(HELD_MICROPHONE)

    def settings(route: Route) -> None:
        answer = route.fetch()
        limits = {"max_bytes": 10_000_000, "max_seconds": 2.5}
        route.fulfill(response=answer, body=json.dumps(answer.json() | {"cloning": limits}))

    page.route("**/playground/settings.json", settings)
    page.goto(server.root)
    page.locator("#clone summary").click()
    expect(page.locator("#language")).not_to_have_value("")
    yield page
    page.close()


def test_two_presses_leave_no_microphone_on(cloning: Page) -> None:
    record = cloning.locator("#record")
    record.click()
    record.click()
    record.click()
    cloning.evaluate("for (const allow of window.asked) allow()")
    expect(record).to_have_text("■ Stop recording")
    wait_for(cloning, "it records", f"{OPEN_TRACKS} === 1")
    record.click()
    expect(record).to_have_text("● Record")
    expect(cloning.locator("#reference")).to_contain_text("Your recording")
    assert cloning.evaluate(OPEN_TRACKS) == 0


def test_nothing_is_recorded_once_the_question_was_ended(cloning: Page) -> None:
    record = cloning.locator("#record")
    record.click()
    expect(cloning.locator("#stop")).to_be_enabled()
    cloning.keyboard.press("Escape")
    expect(record).to_have_text("● Record")
    cloning.evaluate("window.asked[0]()")
    wait_for(cloning, "it is allowed", "window.tracks.length === 1")
    assert cloning.evaluate(OPEN_TRACKS) == 0
    expect(cloning.locator("#take")).to_be_hidden()
    expect(cloning.locator("#status")).to_have_text("")


def test_a_recording_ends_before_the_server_would_refuse_it(cloning: Page) -> None:
    cloning.click("#record")
    cloning.evaluate("window.asked[0]()")
    expect(cloning.locator("#reference")).to_have_text(re.compile(r"^Your recording, (1\.9|2\.[0-4]) s"), timeout=10_000)
    assert cloning.evaluate(OPEN_TRACKS) == 0
    # Neither a job nor many listeners without the speaker's consent.
    cloning.click("#tab-job")
    cloning.fill("#job-text", "one two")
    for tool in ("job", "load"):
        cloning.click(f"#tab-{tool}")
        cloning.click("#theme")
        cloning.click(f"#{tool}-go")
        expect(cloning.locator("#status")).to_have_text(re.compile("person who speaks agrees"))
        expect(cloning.locator("#consent")).to_be_focused()
    expect(cloning.locator("#load-tracks li")).to_have_count(0)
    cloning.click("#forget")
    expect(cloning.locator("#file")).to_be_focused()


def test_of_two_files_the_one_that_was_chosen_last_counts(cloning: Page, tmp_path: Path) -> None:
    cloning.evaluate(HELD_DECODING)
    for count, name in enumerate(("first", "second"), 1):
        sound(tmp_path / f"{name}.wav", seconds=count)
        cloning.set_input_files("#file", tmp_path / f"{name}.wav")
        wait_for(cloning, "it is decoded", f"window.decoding.length === {count}")
    cloning.evaluate("window.decoding[1]()")
    expect(cloning.locator("#reference")).to_contain_text("second.wav, 2.0 s")
    cloning.evaluate("window.decoding[0]()")
    wait_for(cloning, "both are decoded", "window.decoded === 2")
    expect(cloning.locator("#reference")).to_contain_text("second.wav, 2.0 s")
    # A cut keeps what is on the right only.
    cloning.fill("#cut-to", "1.5")
    expect(cloning.locator("#reference")).to_have_text(re.compile(r"^second\.wav, 1\.5 s, 1\d\d KiB$"))
    expect(cloning.locator("#reference")).not_to_contain_text("188 KiB")
    cloning.check("#consent")
    cloning.fill("#text", "one two")
    with cloning.expect_request("**/v1/text-to-speech") as asked:
        cloning.click("#speak")
    assert max(base64.b64decode(asked.value.post_data_json["reference_audio"])[44:]) > 0


def sound(path: Path, seconds: int) -> None:
    """Writes stereo with silence on the left."""
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 24_000, 0, "NONE", ""))
        file.writeframes(b"\0\0\x10\x20" * 24_000 * seconds)
