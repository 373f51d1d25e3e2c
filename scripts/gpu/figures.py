"""Figures of a run: one line of JSON each, and a table of the most important ones."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUT = Path(os.environ.get("OUT", "/tmp"))
SITE = Path(os.environ.get("SVARA_GPU_SITE", "/tmp/svara-gpu"))
FRAME_MS = 2048 / 24


def say(**figure: Any) -> None:
    line = json.dumps(figure)
    print(line, flush=True)
    with (OUT / "figures.jsonl").open("a") as file:
        file.write(line + "\n")


def milliseconds(call: Callable[[], Any], times: int) -> dict[str, float]:
    """The median and the 95th percentile of a call, after two that don't count."""
    took = []
    for _ in range(times + 2):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1e3)
    took = sorted(took[2:])
    return {"ms": round(statistics.median(took), 3), "p95_ms": round(took[int(times * 0.95)], 3)}


def gpu_mib() -> int | None:
    """Memory in use on the first GPU."""
    if not shutil.which("nvidia-smi"):
        return None
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    out = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    return int(out[0]) if out else None


def table() -> None:
    """Prints the rows of docs/performance.md."""
    figures = [json.loads(line) for line in (OUT / "figures.jsonl").read_text().splitlines()]
    shapes = [f for f in figures if f.get("step") == "shapes" and f.get("graphs") and f["frames"] == 1]
    print("| rows of a call | ms | 95th percentile | streams in real time, decoding alone |\n|---|---|---|---|")
    for f in sorted(shapes, key=lambda f: f["batch"]):
        print(f"| {f['batch']} | {f['ms']} | {f['p95_ms']} | {f['streams']} |")
    print("\n| streams | first audio, ms (median) | streams with a gap |\n|---|---|---|")
    for f in figures:
        if f.get("step") == "load" and "error" not in f:
            first = f.get("first_audio_ms", {}).get("p50")
            print(f"| {f['streams']}, {f['precision']} | {first} | {f.get('streams_with_underruns')} |")
