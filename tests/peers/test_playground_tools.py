"""Peer: Debian's Chromium. The playground's further tools: A | B, text while it is typed, long texts, many at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from hearing import codec_of
from playground import SPOKEN_WITHIN_MS
from processes import wait_until
from server_peer import Server, changed

TEN = "one two three four five six seven eight nine ten"


@pytest.fixture
def server(jobs_server: Server) -> Server:
    return jobs_server


@pytest.fixture
def page(jobs_playground: Page) -> Page:
    return jobs_playground


def test_two_voices_take_turns_at_the_same_word(page: Page) -> None:
    page.fill("#text", TEN)
    page.select_option("#compare-a", "en_female")
    page.select_option("#compare-b", "en_male")
    asked = []
    page.on(
        "request",
        lambda request: asked.append(request.post_data_json) if request.url.endswith("/v1/text-to-speech") else None,
    )
    page.click("#compare-go")
    tracks = page.locator("#compare-tracks .track")
    expect(tracks.nth(0)).to_contain_text(re.compile(r"\(Female\), \d"), timeout=SPOKEN_WITHIN_MS)
    expect(tracks.nth(1)).to_contain_text(re.compile(r"\(Male\), \d"), timeout=SPOKEN_WITHIN_MS)
    assert [fields["voice"] for fields in asked] == ["en_female", "en_male"]
    assert asked[0]["text"] == asked[1]["text"] == TEN and asked[0]["seed"] == asked[1]["seed"]
    one, two = (track.locator("button") for track in tracks.all())
    expect(one).to_have_attribute("aria-pressed", "true")
    page.locator("#compare-go").focus()
    page.keyboard.press("2")
    expect(two).to_have_attribute("aria-pressed", "true")
    expect(one).to_have_attribute("aria-pressed", "false")
    # Where one types, digits are digits.
    page.focus("#text")
    page.keyboard.type("1")
    expect(two).to_have_attribute("aria-pressed", "true")


def test_the_same_word_is_found(page: Page) -> None:
    """By its place in the typed text, though one voice speaks more slowly."""
    second = page.evaluate("""async () => {
        const { sameWord } = await import('./playground/compare.js');
        const word = (scale) => (i) => ({ start: i * scale, end: (i + 1) * scale, typed_start: i * 5 });
        const [quick, slow] = [[0, 1, 2, 3].map(word(1)), [0, 1, 2, 3].map(word(2))];
        return [sameWord(quick, slow, 2.5), sameWord(slow, quick, 0), sameWord([], quick, 2), sameWord(quick, [], 2)];
    }""")
    assert second == [5, 0, 0, 0]


def test_text_is_spoken_while_it_is_typed(page: Page) -> None:
    frames = sent_frames(page)
    page.click("#tab-live")
    page.click("#live-go")
    expect(page.locator("#live-status")).to_contain_text("Type.")
    page.keyboard.type("one two three four five six seven ", delay=20)
    expect(page.locator("#live-said span").first).to_be_visible(timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#live-first")).to_contain_text(re.compile(r"First audio \d+ ms"), timeout=SPOKEN_WITHIN_MS)
    # What was said can't be changed.
    page.fill("#live-text", "zero")
    expect(page.locator("#live-status")).to_contain_text("can’t be changed")
    page.fill("#live-text", "one two three four five six seven eight")
    page.click("#live-go")
    expect(page.locator("#live-go")).to_have_text("Speak as I type", timeout=SPOKEN_WITHIN_MS)
    texts = [json.loads(frame).get("text") for frame in frames]
    assert "".join(texts) == "one two three four five six seven eight" and texts[-1] == ""
    assert page.locator("#live-said").inner_text().split() == "one two three four five six seven eight".split()


@pytest.mark.parametrize(
    "stream",
    [
        "".join(
            f"data: {json.dumps({'choices': [{'delta': {'content': part}}]})}\n\n"
            for part in ("Hello", ", and", " wel", "come.")
        )
        + "data: [DONE]\n",
        "".join(
            f"data: {json.dumps({'type': 'content_block_delta', 'delta': {'text': part}})}\n"
            for part in ("Hello", ", and", " wel", "come.")
        ),
        "Hello, and welcome.",
    ],
)
def test_a_models_stream_is_spoken(page: Page, stream: str) -> None:
    frames = sent_frames(page)
    page.click("#tab-live")
    page.fill("#live-text", stream)
    page.click("#live-model")
    expect(page.locator("#live-go")).to_have_text("Finish")
    expect(page.locator("#live-go")).to_have_text("Speak as I type", timeout=SPOKEN_WITHIN_MS)
    assert "".join(json.loads(frame).get("text") for frame in frames) == "Hello, and welcome."
    expect(page.locator("#live-first")).to_contain_text("First audio")


def sent_frames(page: Page) -> list[str]:
    """What the page sends over WebSockets from now on."""
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(str(frame))))
    return frames


def test_a_long_text_becomes_one_file(page: Page, server: Server, tmp_path: Path) -> None:
    page.click("#tab-job")
    file = tmp_path / "long.txt"
    file.write_text(f"{TEN}. " * 20)
    page.set_input_files("#job-file", file)
    expect(page.locator("#job-text")).to_have_value(file.read_text())
    page.click("#job-go")
    row = page.locator("#jobs li")
    expect(row).to_contain_text("pieces", timeout=SPOKEN_WITHIN_MS)
    # It goes on without the page, and is there again after a reload.
    page.reload()
    page.click("#tab-job")
    with page.expect_download(timeout=SPOKEN_WITHIN_MS) as download:
        row.get_by_text("Download").click(timeout=SPOKEN_WITHIN_MS)
    download.value.save_as(tmp_path / "speech.mp3")
    assert codec_of(tmp_path / "speech.mp3") == "mp3"
    row.get_by_text("Delete").click()
    expect(row).to_have_count(0)
    wait_until("the job is deleted", lambda: httpx.get(f"{server.root}/v1/jobs").json()["jobs"] == [])


def test_many_listen_at_once(page: Page) -> None:
    page.fill("#text", TEN)
    page.click("#tab-load")
    page.fill("#load-count", "3")
    page.click("#load-go")
    expect(page.locator("#load-tracks .track")).to_have_count(3)
    expect(page.locator("#load-sum")).to_have_text(
        re.compile(
            r"^3 of 3 spoken: first audio after \d+ to \d+ ms, \d+ gaps?, [\d.]+ seconds of speech made each second"
        ),
        timeout=SPOKEN_WITHIN_MS,
    )


def test_a_listener_counts_what_it_would_hear(page: Page) -> None:
    """One second of sound, then two seconds of nothing: a gap of a second and the new head start."""
    seen = page.evaluate("""async () => {
        const { Listener } = await import('./playground/load.js');
        const listener = new Listener();
        for (const now of [10, 10.5, 13.58]) listener.push(0.5, now);
        return [listener.gaps, Math.round(100 * listener.gapSeconds) / 100, listener.duration];
    }""")
    # It would have run out at 10 + 0.08 + 1 = 11.08.
    assert seen == [1, 2.58, 1.5]
