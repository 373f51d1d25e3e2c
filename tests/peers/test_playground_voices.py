"""Peer: Debian's Chromium. The playground's voices: odd ones, finding one, hearing one; what is kept and shared."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chromium import complaints
from playground import ENGLISH, open_playground, speak, voice
from processes import wait_until
from server_peer import Server

# What `POST /v1/voices` makes of a recording without a language, and worse.
ODD = [
    {"voice_id": "kept1", "name": "Asha", "category": "cloned", "language_code": "", "languages": []},
    {"voice_id": "kept2", "name": "Ravi", "category": "cloned", "language_code": None},
    {"voice_id": "kept3", "category": "cloned"},
    {"voice_id": "kept4", "name": "Klingon", "category": "premade", "language_code": "not a language!", "labels": {}},
]


def with_odd_voices(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=json.dumps({"voices": [*ODD, *answer.json()["voices"]]}))


def test_no_odd_voice_stops_the_page(browser: Browser, demo_server: Server) -> None:
    page = browser.new_page()
    errors = complaints(page, demo_server.root)
    page.route("**/v1/voices", with_odd_voices)
    page.goto(demo_server.root)
    expect(page.locator("#found")).to_have_text("42 voices")
    # One's own voices come first, by their names.
    expect(page.locator("#voices .name").nth(0)).to_have_text("Asha")
    expect(voice(page, "kept3")).to_be_attached()
    voice(page, "kept4").check()
    voice(page, "en_female").check()
    page.fill("#text", ENGLISH)
    speak(page)
    page.close()
    # The server itself knows no odd voices: it has no words for them.
    assert not [error for error in errors if "status of 404" not in error]


def test_a_voice_is_found_and_heard(playground: Page) -> None:
    names = playground.locator("#voices .card:visible")
    playground.fill("#filter", "তা bengali")
    expect(names).to_have_count(0)
    for query, count in (("বাংলা", 2), ("tamil female", 1), ("alloy", 1), ("hin", 2), ("male", 19)):
        playground.fill("#filter", query)
        expect(names).to_have_count(count)
        expect(playground.locator("#found")).to_have_text(f"{count} of 38 voices")
    playground.fill("#filter", "tamil female")
    with playground.expect_response("**/v1/voices/ta_female/preview") as heard:
        playground.click("#voices .card:visible .preview")
    assert heard.value.headers["content-type"] == "audio/mpeg"
    expect(playground.locator("#voices .card:visible .preview")).to_have_text("■")
    expect(playground.locator("#voices .card:visible .preview")).to_have_text("▶", timeout=10_000)


def test_women_come_first_as_in_all_examples(playground: Page) -> None:
    genders = playground.locator("#voices .card .meta").all_inner_texts()
    assert genders == ["female", "male"] * 19


def test_each_language_has_five_samples(playground: Page) -> None:
    seen = set()
    languages = {
        value.split("_")[0]
        for value in playground.eval_on_selector_all("#voices input", "all => all.map((one) => one.value)")
    }
    assert len(languages) == 19
    for language in languages:
        voice(playground, f"{language}_female").check()
        chips = playground.locator("#samples button")
        expect(chips).to_have_text(["Greeting", "Money and dates", "Story", "Mixed", "With a style"])
        for chip in chips.all():
            chip.click()
            seen.add(playground.input_value("#text"))
    assert len(seen) == 19 * 5
    assert sum("₹1,25,000" in text for text in seen) == 19
    assert sum(text.startswith("<happy>") for text in seen) == 19


def test_the_users_own_text_survives_another_voice(playground: Page) -> None:
    voice(playground, "ta_female").check()
    assert playground.input_value("#text") == ENGLISH
    playground.locator("#samples button").first.click()
    voice(playground, "bn_female").check()
    assert playground.input_value("#text").startswith("নমস্কার")


def test_styles_go_where_the_caret_is(playground: Page) -> None:
    playground.fill("#text", "one two")
    playground.evaluate("document.getElementById('text').setSelectionRange(3, 3)")
    playground.get_by_role("button", name="happy").click()
    assert playground.input_value("#text") == "one <happy> two"
    expect(playground.locator("#text")).to_be_focused()
    expect(playground.locator("#snippet")).to_contain_text("one <happy> two")


def test_a_reload_and_a_link_bring_everything_back(browser: Browser, demo_server: Server) -> None:
    page = open_playground(browser, demo_server.root)
    page.evaluate("document.getElementById('more').open = true")
    page.fill("#text", "seven & eight #9")
    voice(page, "ta_male").check()
    page.fill("#seed", "17")
    page.select_option("#format", "mp3")
    wait_until("it is kept", lambda: "mp3" in (page.evaluate("localStorage.getItem('svara.request')") or ""))
    page.reload()
    expect(voice(page, "ta_male")).to_be_checked()
    assert [page.input_value(at) for at in ("#text", "#seed", "#format")] == ["seven & eight #9", "17", "mp3"]
    page.click("#share")
    expect(page.locator("#status")).to_contain_text("link")
    link = page.url
    # What is changed after that counts more than the link.
    page.fill("#text", "ten")
    wait_until("it is kept", lambda: '"ten"' in (page.evaluate("localStorage.getItem('svara.request')") or ""))
    page.reload()
    expect(voice(page, "ta_male")).to_be_checked()
    assert page.input_value("#text") == "ten"
    page.close()
    other = browser.new_page()
    asked = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    expect(voice(other, "ta_male")).to_be_checked()
    assert [other.input_value(at) for at in ("#text", "#seed", "#format")] == ["seven & eight #9", "17", "mp3"]
    # What follows # isn't sent anywhere.
    assert not [url for url in asked if re.search("seven|%23", url.split("#")[0])]
    other.close()


@pytest.mark.parametrize(
    "state", ["text=hello&voice=none&response_format=nonsense&speed=x&seed=-", "voice=ta_male", "%%%"]
)
def test_a_broken_link_does_no_harm(browser: Browser, demo_server: Server, state: str) -> None:
    page = open_playground(browser, demo_server.root, f"/#{state}")
    errors = complaints(page, demo_server.root)
    speak(page)
    page.close()
    assert not errors
