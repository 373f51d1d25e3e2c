"""Fixtures: both supervisors, both peers (the stand-in and real vLLM), and the table of results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from orderly_end import end_in_order
from supervisors import ROOT, Ours, Supervisor, Theirs

RESULTS: dict[tuple[str, str], dict[str, str]] = {}


def pytest_configure() -> None:
    end_in_order()


@pytest.fixture(scope="session", autouse=True)
def table() -> Iterator[None]:
    """Writes the results as Markdown at the end of the tests."""
    yield
    lines = []
    for peer in ("stand-in", "real vLLM"):
        rows = {row: seen for (of, row), seen in RESULTS.items() if of == peer}
        if rows:
            lines += [f"\n### {peer}\n", f"| | {Ours.name} | {Theirs.name} |", "|---|---|---|"]
            for row, seen in rows.items():
                lines.append(f"| {row} | {seen.get(Ours.name, '-')} | {seen.get(Theirs.name, '-')} |")
    target = ROOT / "target"
    target.mkdir(exist_ok=True)
    (target / "supervisor-table.md").write_text("\n".join(lines) + "\n")


@pytest.fixture
def note(request: pytest.FixtureRequest):
    """Adds a result to the table."""

    def put(supervisor: Supervisor, peer: str, row: str, seen: str) -> None:
        RESULTS.setdefault((peer, row), {})[supervisor.name] = seen

    return put


@pytest.fixture(params=[Ours, Theirs], ids=["ours", "supervisord"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Supervisor]:
    if request.param is Ours and not Path(Ours.binary).exists():
        pytest.fail(f"{Ours.binary} is missing: cargo build --workspace --bins --examples")
    if request.param is Theirs and not (Theirs.bin / "supervisord").exists():
        pytest.fail("supervisord isn't installed beside this Python: pip install supervisor")
    made = request.param(tmp_path, {})
    yield made
    made.close()
