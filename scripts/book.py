#!/usr/bin/env python3
"""Makes a small site with search out of the documentation.

    scripts/book.py [DIRECTORY]      DIRECTORY: target/book by default

The pages are those of the top of the repository and of docs/, in the order of docs/README.md's table, and behind them
the READMEs that they link to. Installs mdbook with cargo if it is missing. Fails if a page links to one that isn't
there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MDBOOK = "0.5.4"
FIRST = ["README.md", "DEPLOYMENT.md"]
LAST = ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md"]
SETTINGS = """
[book]
title = "svara-tts serving"
language = "en"
src = "src"

[output.html]
default-theme = "light"
preferred-dark-theme = "navy"
no-section-label = true

[output.html.search]
limit-results = 20
"""
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def main() -> int:
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__.strip())
        return 0
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/book").resolve()
    if shutil.which("mdbook") is None:
        install = ["cargo", "install", "mdbook", "--version", MDBOOK, "--locked", "--debug", "--no-default-features"]
        subprocess.run([*install, "--features", "search"], check=True)
    pages = with_linked_readmes([*FIRST, *documentation(), *LAST])
    missing = [f"{page}: {link}" for page in pages for link in broken_links(ROOT / page)]
    if missing:
        print("links to what isn't there:", *missing, sep="\n  ", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(Path(scratch), pages)
        subprocess.run(["mdbook", "build", scratch, "--dest-dir", out], check=True)
    print(out / "index.html")
    return 0


def documentation() -> list[str]:
    """The pages of docs/, in the order of their table."""
    table = re.findall(r"^\| (\[.*?) \|", (ROOT / "docs/README.md").read_text(), re.MULTILINE)
    listed = ["docs/" + page for row in table for page in re.findall(r"\]\(([\w-]+\.md)\)", row)]
    unlisted = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - set(listed) - {"docs/README.md"}
    if unlisted:
        raise SystemExit(f"docs/README.md doesn't list {', '.join(sorted(unlisted))}")
    return ["docs/README.md", *listed]


def broken_links(page: Path) -> list[str]:
    """Links to nothing, or to a directory without a README."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = [link for link, _ in LINK.findall(text)]
    return [link for link in links if page_of(page, link) is None and not (page.parent / link).is_file()]


def with_linked_readmes(pages: list[str]) -> list[str]:
    """The pages, and each README that one of them links to, by its name or by its directory."""
    for page in (found := list(pages)):
        links = [link for link, _ in LINK.findall((ROOT / page).read_text())]
        targets = [path for link in links if (path := page_of(ROOT / page, link)) is not None]
        linked = [path.relative_to(ROOT).as_posix() for path in targets]
        found += dict.fromkeys(readme for readme in linked if readme.endswith("README.md") and readme not in found)
    return found


def page_of(page: Path, link: str) -> Path | None:
    """The page that a link of a page leads to; none where it leads to something else."""
    target = (page.parent / link).resolve()
    target = target / "README.md" if target.is_dir() else target
    return target if target.suffix == ".md" and target.exists() else None


def in_book(path: str) -> str:
    """Where a page stands: mdbook makes index.html of a README, and leaves the links to it as they are."""
    return re.sub(r"(^|/)README\.md$", r"\1index.md", path)


def lay_out(scratch: Path, pages: list[str]) -> None:
    """The pages where they are in the repository, so that their links to each other hold."""
    (scratch / "book.toml").write_text(SETTINGS)
    source = scratch / "src"
    summary = ["# Summary", ""]
    for page in pages:
        text = (ROOT / page).read_text()
        copy = source / in_book(page)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(LINK.sub(partial(relinked, ROOT / page), text))
        indent = "  " if page.startswith("docs/") and page != "docs/README.md" else ""
        summary.append(f"{indent}- [{title(text)}]({in_book(page)})")
        copy_linked(ROOT / page, copy)
    (source / "SUMMARY.md").write_text("\n".join(summary) + "\n")


def relinked(page: Path, found: re.Match[str]) -> str:
    """A link as it is in the book."""
    link, anchor = found[1], found[2] or ""
    target = page_of(page, link)
    if target is None:
        return found[0]
    path = os.path.relpath(target, page.parent)
    return f"]({in_book(path)}{anchor})"


def title(text: str) -> str:
    return next(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))


def copy_linked(page: Path, copy: Path) -> None:
    """Pictures, configuration and programs that a page links to."""
    for link, _ in LINK.findall(page.read_text()):
        linked = page.parent / link
        target = copy.parent / link
        if linked.is_file() and linked.suffix != ".md":
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(linked, target)


if __name__ == "__main__":
    sys.exit(main())
