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


def parsed(name: str) -> dict:
    return yaml.safe_load((GITHUB / f"workflows/{name}.yml").read_text())


def test_nothing_is_released_that_was_not_tested() -> None:
    ci, release = parsed("ci"), parsed("release")
    # YAML's `on` is a boolean.
    assert "workflow_call" in ci[True]
    tested = {name for name, job in release["jobs"].items() if job.get("uses") == "./.github/workflows/ci.yml"}
    publishing = [job for job in release["jobs"].values() if job.get("permissions", {}).get("contents") == "write"]
    assert publishing and all(tested & {job.get("needs")} for job in publishing)
    assert release["permissions"] == {"contents": "read"}
    assert ci["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}", "not runs of main"


def test_actions_are_named_by_commit() -> None:
    for path in WORKFLOWS:
        for used in re.findall(r"uses: (.*)", path.read_text()):
            assert used.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", used), f"{path.name}: {used}"


def test_each_night_goes_on_with_what_the_last_has_found() -> None:
    steps = parsed("nightly")["jobs"]["fuzz"]["steps"]
    restored, saved = (
        next(step for step in steps if step.get("uses", "").startswith(f"actions/cache/{what}@"))
        for what in ("restore", "save")
    )
    assert restored["with"]["path"] == saved["with"]["path"] == "fuzz/corpus/${{ matrix.target }}"
    assert saved["with"]["key"].startswith(restored["with"]["restore-keys"])
    assert saved["if"] == "always()", "a night that finds a fault, too"


def test_each_program_of_a_release_has_its_list_of_parts() -> None:
    def programs(script: str) -> set[str]:
        (named, *_) = re.findall(r"^\s*for program in (.*); do", (PROJECT / script).read_text(), re.MULTILINE)
        return set(named.split())

    assert programs("scripts/sbom.sh") == programs("scripts/release.sh")
    assert "x86_64" not in (PROJECT / "scripts/sbom.sh").read_text(), "it may be another machine"


def test_pages_link_to_what_exists() -> None:
    pages = [*book.FIRST, *book.documentation(), *book.LAST, "examples/README.md"]
    assert {page: links for page in pages if (links := book.broken_links(PROJECT / page))} == {}
