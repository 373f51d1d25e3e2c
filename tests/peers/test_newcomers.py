"""Peers: the first hour of a web developer, with the README's own code, and of a listener, from page to page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx
import openai
import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import complaints
from hearing import codec_of
from playground import DONE, ENGLISH, SPOKEN_WITHIN_MS, voice
from processes import wait_until
from programs import PROJECT
from server_peer import Server

README_ROOT = "http://127.0.0.1:8080"
WITHIN_S = 60


def blocks(language: str, heading: str) -> list[str]:
    """The README's code in this language, under a heading."""
    section = (PROJECT / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)


def run(command: list[str], code: str, server: Server, directory: Path) -> None:
    assert README_ROOT in code
    done = subprocess.run(
        [*command, code.replace(README_ROOT, server.root)],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "language", "heading", "file", "codec"),
    [
        (["bash", "-ec"], "sh", "Two commands", "hello.wav", "pcm_s16le"),
        (["bash", "-ec"], "sh", "With OpenAI's clients", "hello.mp3", "mp3"),
        ([sys.executable, "-c"], "python", "With OpenAI's clients", "hello.mp3", "mp3"),
    ],
)
def test_the_code_of_the_readme_speaks(
    command: list[str], language: str, heading: str, file: str, codec: str, demo_server: Server, tmp_path: Path
) -> None:
    code = [block for block in blocks(language, heading) if README_ROOT in block]
    assert len(code) == 1
    run(command, code[0], demo_server, tmp_path)
    assert codec_of(tmp_path / file) == codec


def test_each_mistake_of_a_developer_leads_to_speech(demo_server: Server) -> None:
    """The wrong base URL, field and voice, each mended by what the message says."""

    def ask(path: str, **fields: str) -> bytes:
        client = openai.OpenAI(base_url=demo_server.root + path, api_key="none", max_retries=0)
        # The typed method has no room for the mistakes.
        return client.post("/audio/speech", body=fields, cast_to=httpx.Response).content

    with pytest.raises(openai.NotFoundError) as no_route:
        ask("", model="tts-1", voice="aloy", text="one two")
    base = re.search(r"base_url ends in (/\w+)", str(no_route.value))
    assert base, no_route.value
    with pytest.raises(openai.APIStatusError) as no_text:
        ask(base[1], model="tts-1", voice="aloy", text="one two")
    assert "input is required" in str(no_text.value) and "text belongs to" in str(no_text.value)
    with pytest.raises(openai.APIStatusError) as no_voice:
        ask(base[1], model="tts-1", voice="aloy", input="one two")
    meant = re.search(r"did you mean (\w+)", str(no_voice.value))
    assert meant and meant[1] == "alloy", no_voice.value
    assert len(ask(base[1], model="tts-1", voice=meant[1], input="one two")) > 1000


def test_a_page_of_another_origin_learns_what_to_set(browser: Browser, demo_server: Server, pages: str) -> None:
    """The browser says only that it was refused; the log says how to let the page in."""
    page = browser.new_page()
    page.goto(pages)
    asked = """url => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
        .then(() => 'taken', () => 'refused')"""
    assert page.evaluate(asked, f"{demo_server.root}/v1/audio/speech") == "refused"
    page.close()

    def told() -> bool:
        lines = [json.loads(line) for line in demo_server.service.log.read_text().splitlines() if line.startswith("{")]
        return any("cors_origins" in line["message"] and line["origin"] == pages for line in lines)

    wait_until("the log names the setting", told)


@pytest.mark.parametrize("width", [1200, 320])
def test_a_listener_finds_every_door(browser: Browser, demo_server: Server, width: int) -> None:
    """Speaks, looks at the code, goes to the page of the API and back; no link on the way is dead."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors = complaints(page, demo_server.root)
    page.goto(demo_server.root)
    voice(page, "en_female").check()
    page.fill("#text", ENGLISH)
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    check_links(page, demo_server)
    page.get_by_role("link", name="API", exact=True).click()
    expect(page.locator(".operation").first).to_be_visible()
    check_links(page, demo_server)
    page.get_by_role("link", name="Playground", exact=True).click()
    expect(page.locator("#speak")).to_be_visible()
    page.close()
    assert not errors


def check_links(page: Page, server: Server) -> None:
    targets = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    ours = {urldefrag(urljoin(page.url, target)).url for target in targets}
    ours = {url for url in ours if url.startswith(server.root)}
    assert ours
    for url in ours:
        assert page.request.get(url).status == 200, url
