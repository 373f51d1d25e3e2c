#!/usr/bin/env python3
"""The checks of scripts/check_gpu_path.sh: starts the server on the stand-in for CUDA, and reads what it did there."""

from __future__ import annotations

import argparse
import collections
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# docs/decoder.md has these: bytes of GPU memory by max_batch, with room for 64 streams.
MOST_BYTES = {16: 330e6, 64: 950e6}
# Kernels of a call, and what cuDNN plans for it.
MOST_KERNELS = 370
CONVOLUTIONS = 38
LARGE_COPY = 1_000_000
CHECKS: dict[str, Callable[[], None]] = {}


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS[function.__name__] = function
    return function


class Run:
    """A server on the stand-in, with what it logs and what the stand-in has seen."""

    def __init__(self, engine: str, settings: dict, cuda: Path, environment: dict[str, str]) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="gpu-check-"))
        decoder = {"model": str(ARGS.model), "library": str(ARGS.library), "device": "cuda", "max_streams": 64}
        tables = {
            "server": {"port": 0},
            "engine": {"base_url": engine},
            "decoder": decoder | settings,
            "voices": {"store": ""},
            "jobs": {"store": ""},
        }
        text = "".join(
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in tables.items()
        )
        (self.directory / "server.toml").write_text(text)
        self.errors = (self.directory / "log").open("w+")
        known = {"FAKE_LOG": str(self.directory / "cuda"), "LD_LIBRARY_PATH": str(cuda)}
        self.process = subprocess.Popen(
            [ARGS.programs / "svara-server", "--config", self.directory / "server.toml"],
            stdout=self.errors,
            stderr=self.errors,
            env=os.environ | known | environment,
        )

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def said(self, message: str) -> dict | None:
        return next((line for line in self.lines() if line["message"].startswith(message)), None)

    def wait_for(self, message: str) -> dict:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if found := self.said(message):
                return found
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log()[-1500:]}")
            time.sleep(0.05)
        raise AssertionError(f"the server didn't say {message!r}: {self.log()[-1500:]}")

    def wait_for_end(self) -> int:
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server doesn't end: {self.log()[-1500:]}") from None

    def seen(self, pattern: str) -> list[str]:
        file = self.directory / "cuda"
        text = file.read_text() if file.exists() else ""
        return [line for line in text.splitlines() if re.search(pattern, line)]

    def get(self, path: str) -> tuple[int, str]:
        return fetch(self.url() + path)

    def speak(self, number: int) -> int:
        body = {"input": f"This is sentence number {number}.", "voice": "en_male", "response_format": "pcm"}
        return fetch(self.url() + "/v1/audio/speech", json.dumps(body).encode())[0]

    def url(self) -> str:
        return "http://" + self.wait_for("listening")["address"]


def fetch(url: str, body: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
        return 0, str(error)


@contextmanager
def server(
    settings: dict | None = None, cuda: Path | None = None, engine: str = "", **environment: str
) -> Iterator[Run]:
    run = Run(engine or "http://127.0.0.1:9", settings or {}, cuda or ARGS.cuda, environment)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGTERM)
            run.process.wait(60)
        run.errors.close()
        shutil.rmtree(run.directory)


@contextmanager
def fake_engine() -> Iterator[str]:
    pace = ["--frames", "12", "--ttft-ms", "1", "--rate", "2000"]
    command = [ARGS.programs / "svara-bench", "serve-fake", "--port", "0", *pace]
    engine = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield engine.stdout.readline().strip()
    finally:
        engine.terminate()
        engine.wait(30)


def expect(condition: object, *about: object) -> None:
    if not condition:
        raise AssertionError(" ".join(map(str, about)))


def expect_no_violation(run: Run) -> None:
    violations = collections.Counter(run.seen("^VIOLATION"))
    expect(not violations, *violations.most_common(5))


@check
def a_call_is_one_replay() -> None:
    """Everything is planned and recorded at start, and nothing afterwards; no call copies states or waits twice."""
    with fake_engine() as engine, server(engine=engine) as run:
        ready = run.wait_for("decoder ready")
        run.wait_for("listening")
        expect(ready["device"] == "cuda:0", ready)
        expect_no_violation(run)
        recorded = [int(line.split()[1]) for line in run.seen("^recorded")]
        expect(len(recorded) == 4 and max(recorded) <= MOST_KERNELS, "recorded", recorded)
        plans, replays = len(run.seen("^plan")), len(run.seen("^replay"))
        expect(plans == 4 * CONVOLUTIONS + 1, "plans", plans)
        others = len(run.seen("^(kernel|library|copy|cudaMalloc|cudaHostAlloc)"))
        syncs = len(run.seen("^sync"))
        for number in range(3):
            expect(run.speak(number) == 200, "no speech", run.log()[-1500:])
        calls = len(run.seen("^replay")) - replays
        expect(calls >= 3 * 12, "calls", calls)
        expect(len(run.seen("^plan")) == plans, "a call was planned")
        expect(len(run.seen("^(kernel|library|copy|cudaMalloc|cudaHostAlloc)")) == others, "more than replays")
        expect(len(run.seen("^sync")) - syncs <= calls, "syncs", len(run.seen("^sync")) - syncs, "of", calls)
        expect_no_violation(run)


@check
def memory_is_as_documented() -> None:
    for batch, most in MOST_BYTES.items():
        with server({"max_batch": batch}) as run:
            run.wait_for("listening")
            total = max(int(line.split()[-1]) for line in run.seen("^cudaMalloc .* total"))
            expect(total <= most, "max_batch", batch, "takes", total)
            large = [line for line in run.seen("^copy D2D") if int(line.split()[2]) > LARGE_COPY]
            expect(not large, large[:3])


@check
def other_settings_open() -> None:
    for settings in ({"precision": "float16"}, {"precision": "tf32"}, {"gpu_graphs": False}, {"max_batch": 1}):
        with server(settings) as run:
            expect(run.wait_for("decoder ready")["device"] == "cuda:0", settings)
            expect_no_violation(run)
    with server({"gpu_graphs": False, "max_batch": 16}) as run:
        run.wait_for("listening")
        plans = len(run.seen("^plan"))
        expect(plans == CONVOLUTIONS + 1, "without recordings, calls of one size only:", plans)


def says(words: str, settings: dict | None = None, cuda: Path | None = None, **environment: str) -> None:
    """With `cuda`, the start fails and says why; with `auto`, it says why and takes the CPU."""
    with server(settings, cuda, **environment) as run:
        expect(run.wait_for_end() == 1, "it should end")
        last = run.log().strip().splitlines()[-1]
        expect(last.startswith("svara-server: device cuda:0 can't be used") and words in last, last)
        others = [line for line in run.log().splitlines()[:-1] if not line.startswith("{")]
        expect(not others, "lines beside the log", others)
    with server({"device": "auto"} | (settings or {}), cuda, **environment) as run:
        expect(run.wait_for("decoder ready")["device"] == "cpu", run.log())
        warned = [line for line in run.lines() if line["level"] == "WARN" and words in line.get("reason", "")]
        expect(warned, "no warning", run.log())


@check
def without_a_gpu() -> None:
    says("there is no such GPU here", FAKE_NO_GPU="1")


@check
def without_code_for_the_card() -> None:
    says("has no code for this GPU", FAKE_NO_CODE="1")


@check
def without_memory() -> None:
    says("too little of the GPU's memory", FAKE_MEM_MB="400")
    says("too little of the GPU's memory", {"gpu_memory_bytes": 300_000_000})


@check
def without_libraries() -> None:
    with tempfile.TemporaryDirectory() as directory:
        some = Path(directory) / "lib"
        shutil.copytree(ARGS.cuda, some)
        (some / "libcudnn.so.9").unlink()
        says("it needs cuDNN 9", cuda=some)
        says("the libraries of CUDA 13", cuda=Path(directory))


@check
def with_several_threads() -> None:
    says("decoder.threads must be 0 or 1", {"threads": 2})


@check
def a_broken_gpu_ends_the_server() -> None:
    """After some errors, CUDA fails for the rest of a process's life: a supervisor must start another."""
    with fake_engine() as engine, server(engine=engine, FAKE_FAIL_AFTER="30") as run:
        run.wait_for("listening")
        for number in range(20):
            if run.process.poll() is not None:
                break
            run.speak(number)
        expect(run.wait_for_end() == 1, "it should fail")
        expect("the decoder is broken" in run.log().strip().splitlines()[-1], run.log()[-1500:])


def main() -> int:
    failed = 0
    for name, function in CHECKS.items():
        if ARGS.names and not any(word in name for word in ARGS.names):
            continue
        start, outcome = time.monotonic(), "ok"
        try:
            function()
        except AssertionError as error:
            outcome, failed = f"FAILED: {error}", failed + 1
        print(f"{name.replace('_', ' '):<32} {time.monotonic() - start:5.1f} s  {outcome}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("programs", "library", "cuda", "model"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    parser.add_argument("names", nargs="*")
    ARGS = parser.parse_args()
    for option in ("programs", "library", "cuda", "model"):
        setattr(ARGS, option, getattr(ARGS, option).absolute())
    sys.exit(main())
