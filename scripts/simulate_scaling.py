#!/usr/bin/env python3
"""Simulates queueing and affinity with N engines: the paced engines of svara-bench, the real server, the real router.

    cargo build --release -p svara-server -p svara-bench
    scripts/simulate_scaling.py [--engines 1,2,4,8] [--seconds 30] [--router PATH]

Prints the tables of docs/scaling.md. Each engine serves 4 streams at once, at twice real time, and makes others wait,
like a saturated GPU. Nothing is decoded, so that the engines are the bottleneck and not this machine. Each request has
1.7 s of audio; arrivals are Poisson. Everything runs on loopback, and ends by itself. --router is the program
vllm-router, for the part about affinity.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BINARIES = Path(os.environ.get("SVARA_BIN_DIR", PROJECT / "target/release"))
STREAMS_PER_ENGINE = 4
TOKENS_PER_SECOND = 164
FIRST_TOKEN_MS = 50
FRAMES = 20
# The time for one stream at the engine, and the requests a second that an engine can serve.
SPEECH_SECONDS = FIRST_TOKEN_MS / 1000 + FRAMES * 7 / TOKENS_PER_SECOND
ENGINE_RPS = STREAMS_PER_ENGINE / SPEECH_SECONDS
POLICIES = ["consistent_hash", "cache_aware", "power_of_two", "round_robin"]
HEADER = "first audio p50, p95, p99 | refused or failed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="1,2,4,8")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--router", type=Path)
    args = parser.parse_args()
    sizes = [int(n) for n in args.engines.split(",")]
    print(f"One engine serves {ENGINE_RPS:.1f} requests a second.\n")

    print(f"| engines | load | {HEADER} |\n|---|---|---|---|")
    for count in sizes:
        with engines(count) as urls, server(urls, max_streams=1000) as url:
            print(row(str(count), 0.8, load(url, 0.8 * count * ENGINE_RPS, args.seconds)), flush=True)

    count = 2
    print(f"\n| streams admitted, {count} engines | load | {HEADER} |\n|---|---|---|---|")
    for streams in (count * STREAMS_PER_ENGINE, 1000):
        with engines(count) as urls, server(urls, max_streams=streams) as url:
            print(row(str(streams), 1.5, load(url, 1.5 * count * ENGINE_RPS, args.seconds)), flush=True)

    count = 4
    print(f"\n| one voice in all requests, {count} engines | load | {HEADER} |\n|---|---|---|---|")
    with engines(count) as urls, server(urls, max_streams=1000) as url:
        print(row("the server's list", 0.6, load(url, 0.6 * count * ENGINE_RPS, args.seconds)), flush=True)
    for policy in POLICIES if args.router else []:
        with engines(count) as urls, router(args.router, policy, urls) as front, server([front], 1000) as url:
            result = load(url, 0.6 * count * ENGINE_RPS, args.seconds)
            print(row(f"vllm-router, {policy}", 0.6, result), flush=True)


def row(name: str, load_share: float, step: dict) -> str:
    first = step["first_audio_ms"]
    shown = ", ".join("never" if first[p] is None else f"{first[p]:.0f}" for p in ("p50", "p95", "p99"))
    return f"| {name} | {load_share:.0%} | {shown} ms | {step['failed']} of {step['sent']} |"


def load(url: str, rps: float, seconds: int) -> dict:
    """Runs one step of Poisson arrivals and returns its figures."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [BINARIES / "svara-bench", "load", "--url", url, "--arrival", f"poisson:{rps:.3f}"]
        command += ["--seconds", str(seconds), "--json", file.name, "--timeout-seconds", "60"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=seconds + 120)
        return json.loads(Path(file.name).read_text())["steps"][0]


@contextlib.contextmanager
def engines(count: int) -> Iterator[list[str]]:
    ports = [free_port() for _ in range(count)]
    with contextlib.ExitStack() as stack:
        for port in ports:
            command = [BINARIES / "svara-bench", "serve-fake", "--port", str(port), "--rate", str(TOKENS_PER_SECOND)]
            command += ["--ttft-ms", str(FIRST_TOKEN_MS), "--frames", str(FRAMES)]
            command += ["--max-concurrency", str(STREAMS_PER_ENGINE)]
            stack.enter_context(process(command, lambda port=port: answers(f"http://127.0.0.1:{port}/v1/models")))
        yield [f"http://127.0.0.1:{port}" for port in ports]


@contextlib.contextmanager
def router(program: Path, policy: str, urls: list[str]) -> Iterator[str]:
    port, metrics = free_port(), free_port()
    command = [program, "--port", str(port), "--prometheus-port", str(metrics), "--policy", policy]
    command += ["--cb-failure-threshold", "3", "--worker-urls", *urls]
    with process(command, lambda: answers(f"http://127.0.0.1:{port}/readiness")):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def server(urls: list[str], max_streams: int) -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "server.toml"
        bases = ",".join(f"{url}/v1" for url in urls)
        config.write_text(
            f'[engine]\nbase_url = "{bases}"\nfirst_token_seconds = 60.0\n'
            f'[decoder]\nkind = "null"\nmax_streams = {max_streams}\n[voices]\nstore = ""\n'
        )
        command = [BINARIES / "svara-server", "--config", config, "--port", str(port), "--log-level", "error"]
        with process(command, lambda: answers(f"http://127.0.0.1:{port}/health")):
            yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def process(command: list, ready: Callable[[], bool]) -> Iterator[None]:
    started = subprocess.Popen([str(part) for part in command], cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not ready():
            if started.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} didn't start")
            time.sleep(0.05)
        yield
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
