"""Peer: Debian's Chromium. What the playground says when something fails, and what it offers: a key, another try."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, Route, expect

from conftest import StartServer
from playground import DONE, ENGLISH, SPOKEN_WITHIN_MS, note_changes, open_playground, voice
from server_peer import DEMO, Server, changed

KEY = "a-key-of-the-test-0123456789"
# Sentences of machines, which no user should meet.
MACHINES = re.compile("Failed to fetch|invalid_|NetworkError|undefined|u64|not found$|Bearer|TypeError")


def test_a_missing_key_is_asked_for_and_remembered(browser: Browser, start_server: StartServer) -> None:
    settings = changed(DEMO.settings, server={"api_key": KEY, "open": ["health", "pages"]})
    server = start_server(settings, *DEMO.arguments)
    page = browser.new_page()
    page.goto(server.root)
    # Nothing can be listed without a key.
    expect(page.locator("#status")).to_have_text(re.compile("wants an API key"))
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Tab")
    expect(page.locator("#status")).to_have_text(re.compile("doesn’t know this key"))
    page.check("#remember-key")
    page.fill("#key", KEY)
    page.locator("#key").blur()
    voice(page, "en_female").check()
    page.fill("#text", ENGLISH)
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    page.reload()
    expect(voice(page, "en_female")).to_be_checked()
    assert page.input_value("#key") == KEY
    # And forgotten again.
    page.evaluate("document.getElementById('access').open = true")
    page.uncheck("#remember-key")
    page.reload()
    expect(page.locator("#status")).to_have_text(re.compile("wants an API key"))
    page.close()


def test_a_full_server_is_asked_again_when_it_said(browser: Browser, demo_server: Server) -> None:
    page = open_playground(browser, demo_server.root)
    full = '{"detail": "all 1 streams are taken", "error": {"type": "server_full", "retryable": true}}'
    tries = []

    def answer(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) == 1:
            route.fulfill(status=503, body=full, headers={"retry-after": "2", "content-type": "application/json"})
        else:
            route.fallback()

    page.route("**/v1/text-to-speech", answer)
    note_changes(page, "retry")
    # A page that gets no turn for a second would skip one.
    page.clock.install()
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("as many listeners as it can"))
    expect(page.locator("#retry")).to_have_text("Try again (2)")
    assert len(tries) == 1
    page.clock.run_for(2_000)
    page.clock.resume()
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#retry")).to_be_hidden()
    said = [text for text, _ in page.evaluate("window.said")]
    assert [text for text in said if "(" in text] == ["Try again (2)", "Try again (1)"]
    assert len(tries) == 2
    page.close()


def test_a_server_that_is_gone_can_be_tried_again(browser: Browser, demo_server: Server) -> None:
    page = open_playground(browser, demo_server.root)
    page.context.set_offline(True)
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("server doesn’t answer"))
    expect(page.locator("#status")).not_to_have_text(MACHINES)
    expect(page.locator("#stop")).to_be_disabled()
    page.context.set_offline(False)
    page.click("#retry")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    page.close()


def test_fields_that_cannot_be_are_refused_in_place(playground: Page) -> None:
    """In the browser's words, at the field, though it is folded away."""
    for value in ("-3", "1.5"):
        playground.evaluate("document.getElementById('more').open = true")
        playground.fill("#seed", value)
        playground.evaluate("document.getElementById('more').open = false")
        playground.click("#speak")
        expect(playground.locator("#seed")).to_be_focused()
        expect(playground.locator("#history li")).to_have_count(0)


def test_a_speech_that_breaks_off_is_said(browser: Browser, demo_server: Server) -> None:
    page = open_playground(browser, demo_server.root)

    def cut(route: Route) -> None:
        answer = route.fetch()
        lines = answer.body().splitlines(keepends=True)
        route.fulfill(response=answer, body=b"".join(lines[: len(lines) // 2])[:-40])

    page.route("**/v1/text-to-speech", cut)
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(re.compile("broke off"), timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#retry")).to_be_visible()
    page.close()


def test_an_answer_that_cannot_be_used_is_not_read_on(playground: Page) -> None:
    """Its connection holds one of the server's streams."""
    seen = playground.evaluate("""async () => {
        const { receive } = await import('./playground/speech.js');
        let cancelled = false;
        const body = new ReadableStream({
            start: (out) => out.enqueue(new TextEncoder().encode('no JSON\\n')),
            cancel: () => { cancelled = true; },
        });
        window.fetch = async () => new Response(body);
        const hear = { samples() {}, words() {}, seen() {} };
        const failed = receive({ response_format: 'pcm' }, undefined, new AbortController().signal, hear);
        return [await failed.catch((error) => error.name), cancelled];
    }""")
    assert seen == ["SyntaxError", True]


def test_a_slip_of_the_page_is_told_as_such(playground: Page) -> None:
    said = playground.evaluate("""async () => {
        const { explain } = await import('./playground/api.js');
        return explain(new TypeError('x is no function'));
    }""")
    assert said == {"text": "Something went wrong here: x is no function"}
