"""Benchmarks what scripts/bench.sh has built, and compares the figures with the targets. Started by that script.

Figures that are compared come from the same run, measured alternately where possible, since the speed of a busy machine
varies.
"""

from __future__ import annotations

import argparse
import json
import os
import time

from bench.costs import capacity, costs, first_audio
from bench.figures import CORES, QUICK, RESULTS, Effort, Run, say
from bench.overload import overload
from bench.page import machine, page_section, write_page
from bench.profile import profile
from bench.whole import memory, null_decoder, ready


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, and leaves the page unchanged")
    quick = parser.parse_args().quick
    RESULTS.mkdir(parents=True, exist_ok=True)
    run = Run(QUICK if quick else Effort())
    load_before = os.getloadavg()[0]
    if load_before > 0.5 * CORES:
        say(f"the machine is already busy (load {load_before:.1f}), so the times will be too long")
    ready(run)
    cost = costs(run)
    carried = capacity(run, cost)
    overload(run, carried)
    first_audio(run, cost)
    null_decoder(run)
    memory(run)
    profiled = profile(run, max(1, int(CORES / cost.server / 2)))
    date = time.strftime("%Y-%m-%d", time.gmtime())
    where = f"{machine()}, load {load_before:.1f} before the start, {date}"
    section = page_section(run, where, profiled)
    results = {"where": where, "rows": [vars(row) for row in run.rows], "figures": run.figures}
    (RESULTS / "results.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"\n{section}")
    if not quick:
        write_page(section)


if __name__ == "__main__":
    main()
