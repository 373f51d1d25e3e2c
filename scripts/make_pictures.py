"""Makes the pictures of the documents: the playground of the demo voice while it speaks.

Run it with the peers' Python after `cargo build` (scripts/setup_test_peers.sh has Chromium, too):

    .venv-peers/bin/python scripts/make_pictures.py

The texts need fonts for Devanagari and Tamil, such as Debian's fonts-lohit-deva and fonts-lohit-taml.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests/peers"))

from playwright.sync_api import Page, expect  # noqa: E402

from chromium import chromium  # noqa: E402
from server_peer import DEMO, Server  # noqa: E402

PICTURE = PROJECT / "docs/pictures/playground.png"
MOST_BYTES = 200_000
SIZE = {"width": 1280, "height": 1060}
# Of the sound's width: the picture shows heard and unheard bars.
HEARD = 0.45


def speak(page: Page, root: str) -> None:
    """Speaks the sample with money and dates, and stops in the middle of it."""
    page.goto(root)
    page.locator("#samples button", has_text="Money and dates").click()
    expect(page.locator("#said mark").first).to_be_visible()
    page.click("#speak")
    expect(page.locator("#history li")).to_have_count(1, timeout=60_000)
    page.click("#play")
    page.fill("#seek", str(HEARD * float(page.get_attribute("#seek", "max") or 0)))
    expect(page.locator("#words [aria-current]")).to_be_visible()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, chromium() as launch:
        server = Server(Path(directory), DEMO.settings, DEMO.arguments)
        server.wait_ready()
        page = launch().new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        speak(page, server.root)
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        page.close()
        server.stop()
    size = PICTURE.stat().st_size
    assert size <= MOST_BYTES, f"{PICTURE} has {size} bytes, at most {MOST_BYTES} are allowed"
    print(f"{PICTURE.relative_to(PROJECT)}: {size} bytes")


if __name__ == "__main__":
    main()
