"""Makes the pictures of the documents, and their sound: the playground of the demo voice, and ten seconds of it.

Run it with the peers' Python after `cargo build` (scripts/setup_test_peers.sh has Chromium, too):

    .venv-peers/bin/python scripts/make_pictures.py

The texts need fonts for Devanagari and Tamil, such as Debian's fonts-lohit-deva and fonts-lohit-taml.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests/peers"))

from playwright.sync_api import Page, expect  # noqa: E402

from chromium import chromium  # noqa: E402
from server_peer import DEMO, Server  # noqa: E402

PICTURE = PROJECT / "docs/pictures/playground.png"
MOST_BYTES = 200_000
SOUND = PROJECT / "docs/pictures/demo-voice.mp3"
MOST_SOUND_BYTES = 60_000
SENTENCES = [
    ("hi_female", "नमस्ते, 15 अगस्त को ₹2.5 लाख मिले।"),
    ("ta_male", "வணக்கம், சென்னையில் இன்று 32 டிகிரி வெப்பம்."),
    ("en_female", "And this is Indian English, at 7:30 pm."),
]
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


def record(root: str) -> None:
    """Speaks the sentences, one behind the other."""
    samples = b""
    for voice, text in SENTENCES:
        body = {"text": text, "voice": voice, "response_format": "pcm"}
        response = httpx.post(f"{root}/v1/text-to-speech", json=body, timeout=60)
        samples += response.raise_for_status().content
    encode = ["ffmpeg", "-y", "-v", "error", "-f", "s16le", "-ar", "24000", "-ac", "1", "-i", "-", "-b:a", "40k", SOUND]
    subprocess.run(encode, input=samples, check=True)
    print(f"{SOUND.relative_to(PROJECT)}: {len(samples) / 48_000:.1f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, chromium() as launch:
        server = Server(Path(directory), DEMO.settings, DEMO.arguments)
        server.wait_ready()
        page = launch().new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        speak(page, server.root)
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        page.close()
        record(server.root)
        server.stop()
    for file, most in ((PICTURE, MOST_BYTES), (SOUND, MOST_SOUND_BYTES)):
        size = file.stat().st_size
        assert size <= most, f"{file} has {size} bytes, at most {most} are allowed"
        print(f"{file.relative_to(PROJECT)}: {size} bytes")


if __name__ == "__main__":
    main()
