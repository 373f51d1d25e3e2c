"""The server, the paced engine and the load generator, started and stopped."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import MODELS, PROJECT, RELEASE, RESULTS


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
def server(
    engine: str,
    *arguments: str,
    max_streams: int | str = 64,
    sections: dict[str, dict[str, object]] | None = None,
    **decoder: object,
) -> Iterator[Server]:
    """A server that is ready. `decoder` sets further keys of that section, `sections` those of others."""
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
    for section, keys in (sections or {}).items():
        config[section] = config.get(section, {}) | keys
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
    return steps_of("load", name, server, "--html", RESULTS / f"{name}.html", *arguments)


def table(name: str, server: Server, title: str, *arguments: object) -> list[dict]:
    """The same for raised loads, all of them; draws gaps and first audio in NAME.svg."""
    drawn = ("--svg", RESULTS / f"{name}.svg", "--title", title, "--broken-below", 0)
    return steps_of("table", name, server, *drawn, *arguments)


def steps_of(command: str, name: str, server: Server, *arguments: object) -> list[dict]:
    figures = RESULTS / f"{name}.json"
    line = [RELEASE / "svara-bench", command, "--url", server.url, "--pid", server.pid, "--json", figures, *arguments]
    subprocess.run([str(part) for part in line], check=True, cwd=PROJECT)
    return json.loads(figures.read_text())["steps"]


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024
