"""Runs the server and the bench's paced engine."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from figures import OUT, SITE, gpu_mib, say

LIBRARY = SITE / "onnxruntime/capi/libonnxruntime.so"
VOICE = "en_male"
TEXT = "The train to the coast leaves at nine, and the last one back is at seven in the evening."


@contextmanager
def engine(*arguments: str) -> Iterator[str]:
    command = [SITE / "bin/svara-bench", "serve-fake", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def server(base_url: str, name: str, **decoder: Any) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server; its log is OUT/server-NAME.log."""
    settings = {"library": str(LIBRARY), "max_streams": 600} | decoder
    tables = {"server": {"port": 0}, "engine": {"base_url": base_url}, "decoder": settings}
    tables |= {"voices": {"store": ""}, "jobs": {"store": ""}, "limits": {"streams": 600}}
    config, log = OUT / f"server-{name}.toml", OUT / f"server-{name}.log"
    with config.open("w") as file:
        for table, values in tables.items():
            file.write(f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    start = time.perf_counter()
    with log.open("w") as file:
        process = subprocess.Popen([SITE / "bin/svara-server", "--config", config], stdout=file, stderr=file)
    try:
        address = None
        while address is None:
            if process.poll() is not None:
                raise RuntimeError(log.read_text()[-500:])
            time.sleep(0.02)
            whole = [line for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
            lines = [json.loads(line) for line in whole]
            address = next((line["address"] for line in lines if line["message"] == "listening"), None)
        say(step="ready", what=name, ready_s=round(time.perf_counter() - start, 2), gpu_mib=gpu_mib())
        yield f"http://{address}", process
    finally:
        process.terminate()
        process.wait(60)


def samples(model: Path, device: str, precision: str) -> np.ndarray:
    """One speech, whose tokens are always the same."""
    with (
        engine("--frames", "40", "--rate", "2000", "--ttft-ms", "1") as base_url,
        server(base_url, f"{device}-{precision}", model=str(model), device=device, precision=precision) as (url, _),
    ):
        body = {"input": TEXT, "voice": VOICE, "response_format": "pcm", "seed": 7}
        request = urllib.request.Request(
            f"{url}/v1/audio/speech", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return np.frombuffer(answer.read(), "<i2").astype(np.float32) / 32768


def load(model: Path, streams: tuple[int, ...], precision: str) -> None:
    """More and more listeners, each at the pace of speech."""
    name = f"load-{precision}"
    with (
        engine("--rate", "86", "--ttft-ms", "40", "--frames", "60") as base_url,
        server(base_url, name, model=str(model), device="cuda", precision=precision) as (url, process),
    ):
        for count in streams:
            out = OUT / f"{name}-{count}.json"
            bench = [SITE / "bin/svara-bench", "load", "--url", url, "--pid", str(process.pid), "--json", out]
            bench += ["--streams", str(count), "--requests", str(max(2 * count, 8))]
            done = subprocess.run(bench, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
            try:
                step = json.loads(out.read_text())["steps"][0]
            except (OSError, ValueError, LookupError) as error:
                say(step="load", precision=precision, streams=count, error=str(error), tail=done.stderr[-300:])
                continue
            keys = ("first_audio_ms", "real_time_factor", "streams_with_underruns", "longest_silence_ms", "failures")
            about = {key: step[key] for key in keys if key in step}
            say(step="load", precision=precision, streams=count, **about)
