"""GitHub's workflows and forms against its published schemas, and the links of the pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import book
from programs import PROJECT

GITHUB = PROJECT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.github-issue-forms", sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml"))),
    ],
)
def test_schemas(schema: str, files: list[Path]) -> None:
    assert files
    command = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", schema, *files]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_exist(workflow: Path) -> None:
    named = re.findall(r"(?:scripts|\.ci)/[\w.-]+", workflow.read_text())
    assert named and all((PROJECT / path).is_file() for path in named), named


def test_every_fuzz_target_runs_at_night() -> None:
    jobs = yaml.safe_load((GITHUB / "workflows/nightly.yml").read_text())["jobs"]
    targets = {path.stem for path in (PROJECT / "fuzz/fuzz_targets").glob("*.rs")}
    assert set(jobs["fuzz"]["strategy"]["matrix"]["target"]) == targets


def test_pages_link_to_what_exists() -> None:
    pages = [*book.FIRST, *book.documentation(), *book.LAST, "examples/README.md"]
    assert {page: links for page in pages if (links := book.broken_links(PROJECT / page))} == {}
