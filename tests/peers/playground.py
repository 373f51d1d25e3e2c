"""What tests do on the playground's page."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from processes import PATIENCE_S

SPOKEN_WITHIN_MS = 1000 * PATIENCE_S
DONE = re.compile("^Done")
ENGLISH = "one two three four five"


def open_playground(browser: Browser, root: str, path: str = "/", **context: Any) -> Page:
    """The page once it has its voices, with an English one chosen and a short text."""
    page = browser.new_page(**({"viewport": {"width": 1200, "height": 900}} | context))
    page.goto(root + path)
    voice(page, "en_female").check()
    page.fill("#text", ENGLISH)
    return page


def voice(page: Page, voice_id: str):
    return page.locator(f'#voices input[value="{voice_id}"]')


def speak(page: Page) -> None:
    """Speaks, and waits until all is heard."""
    page.click("#speak")
    expect(page.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)


def note_changes(page: Page, seen_in: str) -> None:
    """Keeps each text that this element has from now on in `window.said`, with whether Stop was disabled then. What lasts
    only for a moment can't be missed so."""
    page.evaluate(
        """(seenIn) => {
            const [element, stop] = [seenIn, 'stop'].map((id) => document.getElementById(id));
            window.said = [];
            const note = () => window.said.push([element.textContent, stop.disabled]);
            new MutationObserver(note).observe(element, { childList: true, characterData: true, subtree: true });
        }""",
        seen_in,
    )


def wait_until_said(page: Page, text: str, within_ms: float = 1000 * PATIENCE_S) -> None:
    """Waits until the element of `note_changes` has had this text."""
    page.wait_for_function("text => window.said.some(([said]) => said === text)", arg=text, timeout=within_ms, polling=100)


def choose_format(page: Page, name: str) -> None:
    page.evaluate("document.getElementById('more').open = true")
    page.select_option("#format", name)


def luminance(colour: str) -> float:
    """The relative luminance (WCAG) of `#rrggbb` or `rgb(r, g, b)`."""
    if colour.startswith("#"):
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    else:
        parts = [float(value) for value in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 255 / 12.92 if part <= 10.3 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
