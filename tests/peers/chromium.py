"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root, where it can't start
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",  # emulated on a busy machine, its process may hang, and no page gets frames until it is restarted
    "--disable-dev-shm-usage",  # in containers, /dev/shm is small
]


Launch = Callable[..., Browser]


@contextlib.contextmanager
def chromium() -> Iterator[Launch]:
    """Returns a function that starts a browser with the given arguments. All browsers end with the context."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: scripts/setup_test_peers.sh"
    with sync_playwright() as playwright, contextlib.ExitStack() as browsers:

        def launch(*arguments: str) -> Browser:
            browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, *arguments])
            browsers.callback(browser.close)
            return browser

        yield launch


def complaints(page: Page, root: str) -> list[str]:
    """Collects each error on the page's console, and each request that doesn't go to the server."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    ours = (root, f"blob:{root}", "data:")
    page.on("request", lambda request: None if request.url.startswith(ours) else seen.append(request.url))
    return seen
