"""The table in docs/performance.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bench.figures import CORES, PROJECT, RESULTS, Run

PAGE = PROJECT / "docs/performance.md"
PLOT = PROJECT / "docs/pictures/load.svg"  # streams against gaps, and first audio against load
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def machine() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{CORES} cores of {model[1] if model else 'an unnamed processor'}"


def page_section(run: Run, where: str, profiled: str) -> str:
    lines = [f"Measured on {where}.", "", "| what | target | measured | reached |", "|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.target} | {row.measured} | {'yes' if row.reached else '**no**'} |" for row in run.rows
    ]
    lines += ["", f"![Gaps and first audio by the number of streams at once]({PLOT.relative_to(PAGE.parent)})"]
    if profiled:
        lines += [
            "",
            "Where the server spends its CPU time at half of the machine's capacity (`perf`, 12 s):",
            "",
            profiled,
        ]
    return "\n".join(lines).rstrip() + "\n"


def write_page(section: str) -> None:
    text = PAGE.read_text()
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    PAGE.write_text(f"{before}{BEGIN}\n{section}{END}{after}")
    shutil.copy(RESULTS / "capacity.svg", PLOT)
