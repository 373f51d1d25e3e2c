"""Where the server spends its time, by `perf`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bench.figures import RATE, RESULTS, TTFT_MS, Run, say
from bench.processes import fake_engine, load, process, server


def profile(run: Run, streams: int) -> str:
    """Where the server spends its time, by library and by function; empty if there is no perf."""
    if not shutil.which("perf"):
        say("perf is missing (Debian: linux-perf), so there is no profile")
        return ""
    data = RESULTS / "perf.data"
    frames = 120
    with fake_engine("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames) as engine, server(engine) as speaking:
        record = ["perf", "record", "--quiet", "-F", "499", "-g", "-p", str(speaking.pid), "-o", data]
        with process([*record, "--", "sleep", "15"], "perf.log", stdout=subprocess.DEVNULL) as recording:
            load("profile", speaking, "--streams", streams, "--seconds", 12, "--expect-frames", frames)
            recording.wait(timeout=60)
    tables = [
        perf_report(data, "dso", "part of the process", 0.5),
        perf_report(data, "dso,symbol", "function", 1.0),
    ]
    # ONNX Runtime's library has no symbols: its functions are addresses, useful only with the same file.
    run.figures["profile"] = tables
    return tables[0]


def perf_report(data: Path, sort: str, title: str, least_percent: float) -> str:
    command = ["perf", "report", "--no-children", "-g", "none", "--stdio", "--sort", sort]
    command += ["--percent-limit", str(least_percent), "-i", str(data)]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [f"| {title} | share of samples |", "|---|---|"]
    for line in report.splitlines():
        if match := re.match(r"\s+([\d.]+)%\s+(.+?)\s*$", line):
            name = re.sub(r"\s+", " ", match[2]).replace("|", "¦")
            lines.append(f"| `{name[:110]}` | {match[1]} % |")
    return "\n".join(lines) + "\n"
