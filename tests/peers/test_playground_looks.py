"""Peers: Debian's Chromium, axe-core. The pages for everybody: contrast, keyboard, sizes from 320 px to 4K, weight."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from playground import DONE, SPOKEN_WITHIN_MS, contrast, luminance, open_playground, speak
from processes import wait_until
from server_peer import Server

MOST_BYTES = 150_000
# The aim is 200 ms. On two idle cores, a release build needs 165 to 234 (median of 25: 192), a debug build 167 to 252 (200); other
# programs may keep the machine busy.
MOST_LOAD_MS, FEWEST_LOADS, MOST_LOADS = 1000, 5, 30
# The modules that are fetched once the page has loaded.
LATER = """() => {
    const { loadEventStart } = performance.getEntriesByType('navigation')[0];
    const resources = performance.getEntriesByType('resource');
    return resources.filter(({ name, startTime }) => name.endsWith('.js') && startTime >= loadEventStart).map(({ name }) => name);
}"""
SCHEMES = ["light", "dark"]


@pytest.fixture
def docs(browser: Browser, demo_server: Server) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"{demo_server.root}/docs/")
    page.locator(".operation[open] .send").wait_for()
    yield page
    page.close()


def unfold(page: Page) -> None:
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")


def axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(playground: Page, scheme: str) -> None:
    playground.emulate_media(color_scheme=scheme)
    playground.fill("#text", "It costs ₹1,25,000")
    speak(playground)
    unfold(playground)
    # What only a server with an encoder shows.
    playground.evaluate(
        "for (const id of ['clone-body', 'take', 'meter', 'retry']) document.getElementById(id).hidden = false"
    )
    for tab in playground.locator("#tools [role=tab]").all():
        tab.click()
        axe(playground)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_the_docs(docs: Page, scheme: str) -> None:
    docs.emulate_media(color_scheme=scheme)
    unfold(docs)
    axe(docs)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bars_and_borders_stand_out(playground: Page, scheme: str) -> None:
    """3:1 at least (WCAG 1.4.11): heard bars from unheard ones, both from the card, and what can be typed into."""
    playground.emulate_media(color_scheme=scheme)
    speak(playground)
    style = "getComputedStyle(document.documentElement).getPropertyValue"
    heard, unheard, card = (
        playground.evaluate(f"{style}('{name}').trim()") for name in ("--heard", "--unheard", "--card")
    )
    for one, other in ((heard, unheard), (heard, card), (unheard, card)):
        assert contrast(one, other) >= 3, (one, other)
    # They are what is drawn.
    playground.fill("#seek", "0.6")
    wait_until("both are drawn", lambda: {heard, unheard} <= colours(playground))
    for name in ("#text", "#filter", "#format", "#stop", "#save-as"):
        border = playground.eval_on_selector(name, "element => getComputedStyle(element).borderTopColor")
        assert contrast(border, card) >= 3, name
    paper = playground.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(paper) < 0.2) == (scheme == "dark")


def colours(page: Page) -> set[str]:
    """The opaque colours of the waveform, as #rrggbb."""
    return set(
        page.evaluate("""() => {
        const { width, height } = document.getElementById('wave');
        const { data } = document.getElementById('wave').getContext('2d').getImageData(0, height / 2, width, 1);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 4) {
            const parts = [0, 1, 2].map((at) => data[i + at].toString(16).padStart(2, '0'));
            if (data[i + 3] === 255) seen.add('#' + parts.join(''));
        }
        return [...seen];
    }""")
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 360, 768, 1280, 3840])
def test_fits_every_width(playground: Page, width: int, scheme: str) -> None:
    playground.set_viewport_size({"width": width, "height": 800})
    playground.emulate_media(color_scheme=scheme)
    unfold(playground)
    playground.evaluate("for (const id of ['clone-body', 'take', 'meter']) document.getElementById(id).hidden = false")
    for tab in playground.locator("#tools [role=tab]").all():
        tab.click()
        widths = playground.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], f"wider than the screen: {tab.inner_text()}"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_docs_fit_every_width(docs: Page, width: int) -> None:
    docs.set_viewport_size({"width": width, "height": 800})
    unfold(docs)
    widths = docs.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


def test_on_a_phone_the_sound_comes_into_sight(browser: Browser, demo_server: Server) -> None:
    page = open_playground(browser, demo_server.root, viewport={"width": 360, "height": 640})
    page.click("#speak")
    expect(page.locator("#wave")).to_be_in_viewport()
    page.close()


def test_everything_can_be_hit(playground: Page, docs: Page) -> None:
    """24 px each way (WCAG 2.5.8), but for words in a text."""
    for page in (playground, docs):
        unfold(page)
        page.evaluate("for (const box of document.querySelectorAll('#clone-body, #take')) box.hidden = false")
        small = page.evaluate("""() => [...document.querySelectorAll('button, a, select, summary, input')]
            .filter((one) => !one.closest('.card') || one.matches('button'))
            .filter((one) => one.checkVisibility() && !one.closest('p, .words, .skip'))
            .filter((one) => {
                const { width, height } = (one.closest('label.check') ?? one).getBoundingClientRect();
                return width < 24 || height < 24;
            })
            .map((one) => `${one.id} ${one.textContent.slice(0, 30)}`)""")
        assert not [name for name in small if "Skip" not in name]


def test_the_keyboard_is_enough(playground: Page) -> None:
    """From the top: to a voice, to the text, to the sound, and back out again."""
    playground.locator("#theme").focus()
    playground.keyboard.press("Tab")
    expect(playground.locator("#text")).to_be_focused()
    playground.keyboard.press("ControlOrMeta+a")
    playground.keyboard.type("one two three four five six")
    playground.keyboard.press("Control+Enter")
    expect(playground.locator("#status")).to_have_text(DONE, timeout=SPOKEN_WITHIN_MS)
    seen = []
    for _ in range(60):
        playground.keyboard.press("Tab")
        seen.append(
            playground.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
        outline = playground.evaluate("""() => {
            const focused = document.activeElement;
            const around = focused.matches('input') ? focused.closest('.card, .scrub') : null;
            return getComputedStyle(around ?? focused).outlineStyle;
        }""")
        assert outline != "none", f"no focus to be seen at {seen[-1]}"
        if seen[-1] == "copy":
            break
    for wanted in ("speak", "share", "seek", "play", "volume", "save-as", "save", "filter", "voice-en_female"):
        assert wanted in seen, (wanted, seen)
    # The words and the voices are one stop each; arrows go on.
    assert sum(name == "BUTTON" for name in seen) <= 2 + 10
    playground.locator("#voice-en_female").focus()
    playground.keyboard.press("ArrowDown")
    expect(playground.locator("#voice-en_male")).to_be_checked()


def test_only_what_matters_is_read_aloud(playground: Page) -> None:
    """Screen readers hear the status, and not each key that is pressed."""
    live = playground.evaluate(
        """() => [...document.querySelectorAll('output, [aria-live], [role=status], [role=alert]')]
            .map((one) => one.id)"""
    )
    assert set(live) <= {"status", "over", "slow", "health-text", "found", "reference", "live-status", "load-sum"}
    playground.evaluate("""() => {
        window.heard = [];
        for (const one of document.querySelectorAll('[role=status]')) {
            const observer = new MutationObserver(() => window.heard.push(one.id));
            observer.observe(one, { childList: true, characterData: true, subtree: true });
        }
    }""")
    playground.focus("#text")
    playground.keyboard.type(" six seven")
    assert playground.evaluate("window.heard") == []


def test_is_light_and_quick(browser: Browser, demo_server: Server) -> None:
    sizes: dict[str, int] = {}
    took: list[float] = []
    # The quickest: whatever else the machine does only adds to the others.
    while len(took) < FEWEST_LOADS or (min(took) > MOST_LOAD_MS and len(took) < MOST_LOADS):
        # Each load is the first of its visitor.
        page = browser.new_context().new_page()
        page.on(
            "response",
            lambda response: (
                sizes.update({response.url: len(response.body())})
                if re.search(r"/(playground/[^/]+)?$", response.url)
                else None
            ),
        )
        page.goto(demo_server.root)
        page.locator("#voices .card").first.wait_for()
        # What lies below the form comes last.
        expect(page.locator("[inert]")).to_have_count(0)
        took.append(page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"))
        later = set(page.evaluate(LATER))
        page.context.close()
    assert len(sizes) > 30
    # One round trip for the form's modules, instead of one for each step of their imports; none of the others delays it.
    named = set(re.findall(r'(?:modulepreload" href|src)="(playground/[^"]+\.js)"', httpx.get(demo_server.root).text))
    assert later and named == {
        url.removeprefix(f"{demo_server.root}/") for url in sizes.keys() - later if url.endswith(".js")
    }
    assert sum(sizes.values()) <= MOST_BYTES, sum(sizes.values())
    print(f"{sum(sizes.values())} bytes, loaded in {sorted(round(ms) for ms in took)} ms")
    assert min(took) <= MOST_LOAD_MS, took
    assert (
        httpx.get(demo_server.root)
        .headers["content-security-policy"]
        .startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    )
