"""Peer: Debian's Chromium. The page of the API: requests to read, to try and to copy."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import complaints
from conftest import StartServer
from hearing import codec_of
from processes import wait_until
from server_peer import DEMO, Server, changed

KEY = "a-key-of-the-test-0123456789"
NODE = Path(".venv-peers/lib").absolute()


@pytest.fixture
def page(browser: Browser, demo_server: Server) -> Iterator[Page]:
    page = browser.new_page()
    errors = complaints(page, demo_server.root)
    page.goto(f"{demo_server.root}/docs")
    yield page
    page.close()
    assert not [error for error in errors if "status of 4" not in error]


def test_the_main_requests_come_first_and_the_rest_is_folded(page: Page) -> None:
    first = page.locator(".group").first.locator(".operation")
    expect(first.locator(".path")).to_have_text(["/v1/text-to-speech", "/v1/audio/speech", "/v1/voices"])
    expect(page.locator("#base")).to_have_text(re.compile(r"^http://127\.0\.0\.1:\d+$"))
    expect(page.locator("details.group > summary")).to_have_text(
        [re.compile(name) for name in ("^Other dialects", "^Models", "^Operations", "^Pages")]
    )
    expect(page.locator("details.group[open]")).to_have_count(0)


def test_all_operations_of_the_document_are_there(page: Page) -> None:
    page.locator(".operation").first.wait_for()
    shown, known = page.evaluate("""async () => {
        const document_ = await (await fetch('../openapi.json')).json();
        const operations = Object.values(document_.paths).flatMap((item) => Object.values(item));
        const known = operations.map((one) => one.operationId);
        return [[...document.querySelectorAll('.operation')].map((one) => one.id), known];
    }""")
    assert sorted(shown) == sorted(known) and len(known) > 40
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    expect(page.locator(".operation > .inside")).to_have_count(len(known))


def test_speech_is_heard_in_place(page: Page) -> None:
    box = page.locator("#speak")
    box.locator(".primary").click()
    expect(box.locator(".send p")).to_have_text(re.compile("^200 OK"), timeout=30_000)
    audio = box.locator("audio")
    expect(audio).to_be_visible()
    expect(audio).to_have_js_property("error", None)
    # It is NaN until the head is read.
    wait_until("it has its duration", lambda: audio.evaluate("element => element.duration > 0.5"))
    box.locator(".answer summary").click()
    expect(box.locator(".answer pre")).to_contain_text("server-timing")


def test_a_field_goes_into_the_body_and_the_code(page: Page, tmp_path: Path) -> None:
    box = page.locator("#speak")
    box.get_by_role("button", name="seed", exact=True).click()
    box.get_by_role("button", name="speed", exact=True).click()
    expect(box.locator("textarea")).to_have_value(re.compile('"seed": 42'))
    python = Path(".venv-peers/bin/python").absolute()
    node = next(NODE.glob("python*/site-packages/playwright/driver/node"))
    for language, command in (
        ("curl", ["bash", "-c"]),
        ("Python", [python, "-c"]),
        ("JavaScript", [node, "--input-type=module", "-e"]),
    ):
        box.get_by_role("tab", name=language).click()
        code = box.locator(".code pre").inner_text()
        assert "42" in code and "1.1" in code
        subprocess.run([*command, code], check=True, cwd=tmp_path, capture_output=True, timeout=60)
        assert codec_of(tmp_path / "speech.wav") == "pcm_s16le", language
        (tmp_path / "speech.wav").unlink()


def test_what_is_wrong_is_shown(page: Page) -> None:
    box = page.locator("#speak")
    box.locator("textarea").fill('{"text": "hello", "voice": "en_male", "speed": 9}')
    box.locator(".primary").click()
    expect(box.locator(".send p")).to_have_text(re.compile("^422"))
    expect(box.locator(".answer pre").first).to_contain_text("speed")
    box.locator("textarea").fill("{")
    box.locator(".primary").click()
    expect(box.locator(".send p")).to_have_text(re.compile("isn’t JSON"))


def test_parameters_fill_the_path_and_the_query(page: Page) -> None:
    page.fill("#filter", "/v1/voices/{id}/settings")
    box = page.locator(".operation:visible")
    expect(box).to_have_count(1)
    box.locator("summary").first.click()
    box.get_by_label("id").fill("ta_female")
    expect(box.locator(".code pre")).to_contain_text("/v1/voices/ta_female/settings")
    box.locator(".primary").click()
    expect(box.locator(".answer pre").first).to_contain_text("stability")


def test_the_key_is_given_once_and_shared_with_the_playground(browser: Browser, start_server: StartServer) -> None:
    server = start_server(changed(DEMO.settings, server={"api_key": KEY}), *DEMO.arguments)
    page = browser.new_page()
    page.goto(f"{server.root}/docs/")
    box = page.locator("#speak")
    box.locator(".primary").click()
    expect(box.locator(".send p")).to_have_text(re.compile("^401"))
    page.check("#remember-key")
    page.fill("#key", KEY)
    page.locator("#key").blur()
    expect(box.locator(".code pre")).to_contain_text("Authorization: Bearer $SVARA_API_KEY")
    assert KEY not in box.inner_text()
    box.locator(".primary").click()
    expect(box.locator(".send p")).to_have_text(re.compile("^200"), timeout=30_000)
    page.get_by_role("link", name="Playground", exact=True).click()
    expect(page.locator("#voices .card").first).to_be_visible()
    assert page.input_value("#key") == KEY
    page.get_by_role("link", name="API", exact=True).click()
    expect(page.locator("#base")).to_be_visible()
    page.close()
