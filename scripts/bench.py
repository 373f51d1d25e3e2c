#!/usr/bin/env python3
"""Benchmarks what scripts/bench.sh has built, and compares the figures with the targets. Started by that script.

Figures that are compared come from the same run, measured alternately where possible, since the speed of a busy machine
varies.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import measure_decode

PROJECT = Path(__file__).resolve().parents[1]
RELEASE = PROJECT / "target/release"
MODELS = PROJECT / "target/test-models"
RESULTS = PROJECT / "target/bench"
PAGE = PROJECT / "docs/performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

FRAME_SECONDS = 2048 / 24000
FRAME_TOKENS = 7
RATE, TTFT_MS = 200, 50
MIB = 1024 * 1024
CORES = os.cpu_count() or 1


@dataclass
class Effort:
    """How much is measured."""

    decode_repetitions: int = 5
    server_requests: int = 8
    first_audio_requests: int = 40
    capacity_seconds: int = 30
    null_requests: int = 3000
    flat_requests: int = 5000
    starts: int = 5


QUICK = Effort(
    decode_repetitions=2,
    server_requests=4,
    first_audio_requests=15,
    capacity_seconds=12,
    null_requests=1000,
    flat_requests=1000,
    starts=3,
)


@dataclass
class Row:
    """One criterion."""

    what: str
    target: str
    measured: str
    reached: bool


@dataclass
class Run:
    """The results so far."""

    effort: Effort
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def row(self, what: str, target: str, measured: str, reached: bool) -> None:
        self.rows.append(Row(what, target, measured, reached))
        say(f"{what}: {measured} (target {target}) {'reached' if reached else 'NOT REACHED'}")


def say(text: str) -> None:
    print(f"bench: {text}", flush=True)


# Processes


@contextlib.contextmanager
def process(command: list[str | Path], log: str, **settings: object) -> Iterator[subprocess.Popen[str]]:
    with (RESULTS / log).open("w") as errors:
        running = subprocess.Popen(command, stderr=errors, text=True, cwd=PROJECT, **settings)
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(timeout=40)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextlib.contextmanager
def fake_engine(*arguments: object) -> Iterator[str]:
    command = [RELEASE / "svara-bench", "serve-fake", "--port", "0", *map(str, arguments)]
    with process(command, "engine.log", stdout=subprocess.PIPE) as running:
        yield running.stdout.readline().strip()


@dataclass
class Server:
    pid: int
    url: str
    ready_seconds: float


@contextlib.contextmanager
def server(engine: str, *arguments: str, max_streams: int = 64, **decoder: object) -> Iterator[Server]:
    """A server that is ready. `decoder` sets further keys of that section."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    decoder = {"model": str(MODELS / "snac-full/decoder_stream.onnx"), "max_streams": max_streams, **decoder}
    config = {
        "server": {"port": port},
        "engine": {"base_url": engine},
        "model": {"tokenizer": str(MODELS / "tiny-svara/tokenizer.json")},
        "decoder": decoder,
        "voices": {"store": ""},
        "jobs": {"store": ""},
        "log": {"level": "warning"},
    }
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        for section, keys in config.items():
            file.write(f"[{section}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()))
        file.flush()
        started = time.monotonic()
        command = [RELEASE / "svara-server", "--config", file.name, *arguments]
        with process(command, "server.log") as running:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, running)
            yield Server(running.pid, url, time.monotonic() - started)


def wait_until_healthy(url: str, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise SystemExit(f"bench: the server exited: {(RESULTS / 'server.log').read_text()[-2000:]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            # urlopen raises for every status but success.
            urllib.request.urlopen(f"{url}/health", timeout=60).close()
            return
        time.sleep(0.005)
    raise SystemExit("bench: the server isn't ready after 120 s")


def load(name: str, server: Server, *arguments: object) -> list[dict]:
    """Runs the load generator and returns its steps."""
    figures = RESULTS / f"{name}.json"
    command = [RELEASE / "svara-bench", "load", "--url", server.url, "--pid", server.pid, "--json", figures]
    command += ["--html", RESULTS / f"{name}.html", *arguments]
    subprocess.run([str(part) for part in command], check=True, cwd=PROJECT)
    return json.loads(figures.read_text())["steps"]


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def is_good(step: dict) -> bool:
    return step["failed"] == 0 and step["streams_with_underruns"] == 0


# What is measured


def costs(run: Run) -> tuple[float, float]:
    """Decoding alone and through the server. Returns the costs of the server and of a two-frame call, in seconds."""
    cases = {
        "one-shot": ("plain", measure_decode.ALL_AT_ONCE),
        "4-frame windows": ("plain", measure_decode.WINDOWS),
        "1 frame a call": ("stream", 1),
        "2 frames a call": ("stream", 2),
        "2 streams a call": ("stream", 1, "1", "auto", 2),
        "4 streams a call": ("stream", 1, "1", "auto", 4),
        "in ONNX Runtime": ("stream", 1, "1", "onnx"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in [*cases, "server"]}
    frames = 120
    with fake_engine("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames) as engine, server(engine) as speaking:
        for repetition in range(run.effort.decode_repetitions):
            for name, (graph, hop, *how) in cases.items():
                seconds[name].append(measure_decode.decoding_cost(graph, hop, *(how or ["1"])))
            arguments = ("--streams", 2, "--requests", run.effort.server_requests, "--expect-frames", frames)
            (step,) = load(f"cost-{repetition}", speaking, *arguments)
            seconds["server"].append(step["process"]["cpu_seconds_per_audio_second"])
    median = {name: statistics.median(values) for name, values in seconds.items()}
    run.figures["cpu_seconds_per_audio_second"] = seconds
    one_shot = median["one-shot"]
    # The size of the server's calls on a CPU.
    steady = median["1 frame a call"]
    run.row(
        "steady decoding, CPU-s per s of audio, relative to a single call of stock ONNX Runtime, both with noise",
        "≤ 0.45 ×",
        f"{steady / one_shot:.2f} × ({steady:.3f} / {one_shot:.3f})",
        steady <= 0.45 * one_shot,
    )
    shared = median["4 streams a call"]
    run.row(
        "the same with four streams a call",
        "≤ 0.40 ×",
        f"{shared / one_shot:.2f} × ({shared:.3f}; two streams: {median['2 streams a call']:.3f})",
        shared <= 0.40 * one_shot,
    )
    windows, in_onnx = median["4-frame windows"], median["in ONNX Runtime"]
    run.row(
        "steady decoding relative to stock ONNX Runtime with windows of four frames, as public servers decode",
        "≤ 0.15 ×",
        f"{steady / windows:.2f} × ({windows:.3f}; our graph in ONNX Runtime: {in_onnx:.3f})",
        steady <= 0.15 * windows,
    )
    whole = median["server"]
    run.row(
        "whole server, CPU-s per s of audio, relative to the same",
        "≤ 0.52 ×",
        f"{whole / one_shot:.2f} × ({whole:.3f} / {one_shot:.3f})",
        whole <= 0.52 * one_shot,
    )
    return whole, median["2 frames a call"] * 2 * FRAME_SECONDS


def capacity(run: Run, cost: float) -> None:
    """The most streams without a gap. Closed arrivals: each next request follows at once, to keep the machine busy."""
    target = 0.8 * CORES / cost
    full = CORES / cost
    streams = sorted({max(1, round(full * share)) for share in (0.25, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1)})
    frames = 120
    with fake_engine("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames) as engine, server(engine) as speaking:
        steps = load(
            "capacity",
            speaking,
            *("--streams", ",".join(map(str, streams)), "--seconds", run.effort.capacity_seconds),
            *("--spread-seconds", 5, "--expect-frames", frames),
        )
    good = [step["streams"] for step in steps if is_good(step)]
    best = max(good, default=0)
    run.figures["capacity_streams"] = {step["streams"]: step["streams_with_underruns"] for step in steps}
    gaps = ", ".join(
        f"{step['streams']}: {step['streams_with_underruns']}/{step['sent']} up to {step['longest_silence_ms']:.0f} ms"
        for step in steps
    )
    run.row(
        "real-time streams without any underrun (no start buffer)",
        f"≥ 0.8 × {CORES} cores ÷ {cost:.3f} = {target:.1f}",
        f"{best} (for each number of streams: requests with a gap out of all, and the longest gap: {gaps})",
        best >= target,
    )


def first_audio(run: Run, cost: float, call_seconds: float) -> None:
    fourteenth_ms = TTFT_MS + 13 * 1000 / RATE
    bound = 1.25 * (fourteenth_ms + 1000 * call_seconds)
    half = max(1, int(CORES / cost / 2))
    frames = 40
    pace = ("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames)
    for mode in first_audio_modes():
        keys = {"first_audio": mode} if mode else {}
        name = f" ({mode})" if mode else ""
        with fake_engine(*pace) as engine, server(engine, **keys) as speaking:
            requests = run.effort.first_audio_requests
            (alone,) = load(f"first-audio-{mode}", speaking, "--requests", requests, "--expect-frames", frames)
            # The rate of requests that keeps half of the machine busy.
            per_second = CORES / cost / 2 / (frames * FRAME_SECONDS)
            arguments = ("--arrival", f"poisson:{per_second:.3f}", "--requests", 5 * requests, "--streams", 1000)
            (busy,) = load(f"first-audio-half-{mode}", speaking, *arguments, "--expect-frames", frames)
        run.figures[f"first_audio_ms{name}"] = {"alone": alone["first_audio_ms"], "half": busy["first_audio_ms"]}
        measured = alone["first_audio_ms"]["p50"]
        target = f"≤ 1.25 × (14th token {fourteenth_ms:.0f} ms + a call of 2 frames {1000 * call_seconds:.0f} ms)"
        run.row(
            f"first audio at {RATE} tokens/s, one stream{name}, p50",
            f"{target} = {bound:.0f} ms",
            f"{measured:.0f} ms (p99 {number(alone['first_audio_ms']['p99'])})",
            measured <= bound,
        )
        p99 = busy["first_audio_ms"]["p99"]
        run.row(
            f"the same with Poisson arrivals at half of the machine's capacity ({half} streams){name}, p99",
            f"≤ {2 * bound:.0f} ms",
            f"{number(p99)} ms (p50 {number(busy['first_audio_ms']['p50'])})",
            p99 is not None and p99 <= 2 * bound,
        )


def first_audio_modes() -> list[str]:
    """The values of `first_audio` that this server supports; one empty name if it has no such setting."""
    shown = subprocess.run(
        [RELEASE / "svara-server", "--check-config", "--decoder", "null"],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    ).stdout
    return ["exact", "early"] if re.search(r"^first_audio\b", shown, re.MULTILINE) else [""]


def null_decoder(run: Run) -> None:
    """Everything but decoding, with a thousand real-time streams."""
    streams, rate, frames = 1000, 86, 240
    engine_ms = TTFT_MS + 3 * FRAME_TOKENS * 1000 / rate
    pace = ("--rate", rate, "--ttft-ms", TTFT_MS, "--frames", frames)
    null = ("--decoder", "null")
    with fake_engine(*pace) as engine, server(engine, *null, max_streams=1200) as speaking:
        (step,) = load(
            "null",
            speaking,
            *("--streams", streams, "--requests", run.effort.null_requests, "--spread-seconds", 10),
            *("--expect-frames", frames),
        )
    over = step["first_audio_ms"]["p99"]
    over = None if over is None else over - engine_ms
    run.figures["null"] = step
    used = step["process"]["cpu_seconds"] / step["wall_seconds"]
    run.row(
        f"null decoder: concurrent real-time streams ({rate} tokens/s), no failures",
        "≥ 1000",
        f"{step['most_open']} open at once; {step['failed']} of {step['sent']} failed, "
        f"{step['streams_with_underruns']} with a gap; the server used {used:.2f} cores",
        step["most_open"] >= streams and step["failed"] == 0,
    )
    run.row(
        f"the same: first audio, p99, beyond the engine's own time ({engine_ms:.0f} ms for three frames)",
        "< 100 ms",
        f"{number(over)} ms (p50 {number(step['first_audio_ms']['p50'] - engine_ms)})",
        over is not None and over < 100,
    )


def memory(run: Run) -> None:
    streams = 64
    # Slow enough for this machine to serve all of them.
    slow = ("--rate", 8, "--ttft-ms", TTFT_MS, "--frames", 20)
    with fake_engine(*slow) as engine, server(engine) as speaking:
        rest = resident_bytes(speaking.pid)
        arguments = ("--streams", streams, "--requests", streams, "--warm-up", 4)
        (step,) = load("memory-streams", speaking, *arguments, "--expect-frames", 20)
    run.row("memory at rest, full-size decoder", "≤ 250 MB", f"{rest / 1e6:.0f} MB", rest <= 250e6)
    each = (step["process"]["memory_peak_bytes"] - step["process"]["memory_start_bytes"]) / streams
    run.row(
        f"memory for each open stream ({step['most_open']} open, {step['failed']} failed)",
        "≤ 1 MB",
        f"{each / 1e6:.2f} MB",
        each <= 1e6 and step["failed"] == 0,
    )
    with fake_engine("--rate", 5000, "--ttft-ms", 0, "--frames", 1) as engine, server(engine) as speaking:
        arguments = ("--streams", 4, "--requests", run.effort.flat_requests, "--warm-up", 200)
        (step,) = load("memory-flat", speaking, *arguments, "--expect-frames", 1)
    course = [size for _, size in step["process"]["memory_course"]]
    tenth = max(1, len(course) // 10)
    early, late = statistics.median(course[tenth : 2 * tenth]), statistics.median(course[-tenth:])
    run.figures["memory"] = {"rest": rest, "each_stream": each, "early": early, "late": late}
    run.row(
        f"memory over {step['sent']} requests, last tenth relative to the second ({step['failed']} failed)",
        "± 5 %",
        f"{100 * (late / early - 1):+.1f} % ({early / 1e6:.0f} to {late / 1e6:.0f} MB)",
        abs(late / early - 1) <= 0.05 and step["failed"] == 0,
    )


def ready(run: Run) -> None:
    seconds = []
    with fake_engine() as engine:
        for _ in range(run.effort.starts):
            with server(engine) as speaking:
                seconds.append(speaking.ready_seconds)
    run.figures["ready_seconds"] = seconds
    run.row(
        f"ready after start, warm-up included, slowest of {len(seconds)}",
        "≤ 2 s",
        f"{max(seconds):.2f} s (median {statistics.median(seconds):.2f})",
        max(seconds) <= 2,
    )


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


# The page


def number(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f}"


def machine() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{CORES} cores of {model[1] if model else 'an unnamed processor'}"


def page_section(run: Run, where: str, profiled: str) -> str:
    lines = [f"Measured on {where}.", "", "| what | target | measured | reached |", "|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.target} | {row.measured} | {'yes' if row.reached else '**no**'} |" for row in run.rows
    ]
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
    cost, call_seconds = costs(run)
    capacity(run, cost)
    first_audio(run, cost, call_seconds)
    null_decoder(run)
    memory(run)
    profiled = profile(run, max(1, int(CORES / cost / 2)))
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
