"""Peer: Debian's Chromium. The pages with keys that aren't remembered, and over http, as newcomers meet them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chromium import Launch, chromium
from conftest import StartServer
from playground import SPOKEN_WITHIN_MS, voice
from server_peer import DEMO, Server, changed

KEY = "a-key-of-the-test-0123456789"


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    with chromium() as launch:
        yield launch


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture(scope="module")
def server(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """It shows its voices to anybody, and speaks for those who have a key."""
    return start_server(
        changed(
            DEMO.settings,
            server={"api_key": KEY, "open": ["health", "pages", "voices"]},
            jobs={"store": str(tmp_path_factory.mktemp("jobs"))},
        ),
        *DEMO.arguments,
    )


@pytest.fixture
def page(browser: Browser, server: Server) -> Page:
    page = browser.new_page()
    page.goto(server.root)
    voice(page, "en_female").check()
    return page


def enter(page: Page, key: str) -> None:
    page.evaluate("document.getElementById('access').open = true")
    page.fill("#key", key)
    page.locator("#key").blur()


def test_text_is_spoken_live_once_the_key_is_there(page: Page) -> None:
    page.click("#tab-live")
    page.fill("#live-text", "one two three four five six seven")
    page.click("#live-go")
    expect(page.locator("#status")).to_have_text(re.compile("refused the connection"))
    expect(page.locator("#live-go")).to_have_text("Speak as I type")
    expect(page.locator("#stop")).to_be_disabled()
    enter(page, KEY)
    page.click("#live-go")
    expect(page.locator("#live-go")).to_have_text("Finish")
    page.click("#live-go")
    expect(page.locator("#live-first")).to_contain_text("First audio", timeout=SPOKEN_WITHIN_MS)
    page.close()


def test_two_quick_presses_are_no_error(page: Page) -> None:
    enter(page, KEY)
    page.click("#tab-live")
    page.fill("#live-text", "one two three four five six seven")
    page.evaluate("const go = document.getElementById('live-model'); go.click(); go.click();")
    expect(page.locator("#live-first")).to_contain_text("First audio", timeout=SPOKEN_WITHIN_MS)
    expect(page.locator("#status")).to_have_text("")
    page.close()


def test_jobs_stay_where_their_key_is_missing(page: Page, server: Server) -> None:
    enter(page, KEY)
    page.click("#tab-job")
    page.fill("#job-text", "one two three")
    page.click("#job-go")
    row = page.locator("#jobs li")
    row.get_by_text("Download").wait_for(timeout=SPOKEN_WITHIN_MS)
    # Others' jobs are as if there were none.
    page.route("**/v1/jobs/*", lambda route: route.fulfill(status=404, json={"detail": "no such job"}))
    page.reload()
    page.click("#tab-job")
    voice(page, "en_female").check()
    expect(row).to_have_count(0)
    page.unroute("**/v1/jobs/*")
    enter(page, KEY)
    expect(row.get_by_text("Download")).to_be_visible(timeout=SPOKEN_WITHIN_MS)
    assert KEY not in page.evaluate("JSON.stringify(localStorage)")
    row.get_by_text("Delete").click()
    expect(row).to_have_count(0)
    left = httpx.get(f"{server.root}/v1/jobs", headers={"authorization": f"Bearer {KEY}"}).json()["jobs"]
    assert left == []
    page.close()


def test_code_is_copied_over_http(launch: Launch, server: Server) -> None:
    """By the name of another machine, where browsers have no clipboard for pages."""
    page = launch("--host-resolver-rules=MAP gpu-box 127.0.0.1").new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(server.root.replace("127.0.0.1", "gpu-box"))
    assert not page.evaluate("window.isSecureContext")
    voice(page, "en_female").check()
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    page.focus("#text")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+v")
    assert page.input_value("#text").startswith("curl http://gpu-box:")
    page.close()
    assert not failed


def test_the_docs_come_once_the_key_is_there(browser: Browser, demo_server: Server) -> None:
    """Where a proxy asks for it. What isn't an operation's name in the address does no harm."""
    page = browser.new_page()

    def keyed(route: Route) -> None:
        if route.request.headers.get("authorization") == f"Bearer {KEY}":
            route.fallback()
        else:
            route.fulfill(status=401, body="no key")

    page.route("**/openapi.json", keyed)
    page.goto(f"{demo_server.root}/docs/#%")
    expect(page.locator("#failed")).to_contain_text("Enter a key")
    page.fill("#key", KEY)
    page.locator("#key").blur()
    expect(page.locator(".operation").first).to_be_visible()
    expect(page.locator("#failed")).to_be_hidden()
    page.close()
