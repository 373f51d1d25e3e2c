"""Runs the compose files of the repository, without their GPU reservations."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

PROJECT = Path(__file__).resolve().parents[2]
NAME = os.environ.get("SVARA_TEST_PROJECT", "svara-test")
REPORT: list[tuple[str, str]] = []
"""The measurements, printed at the end of the run."""

START_WITHIN_S = 900  # vLLM's imports take minutes on a busy machine


def report(what: str, value: str) -> None:
    REPORT.append((what, value))


def compose_command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


class Stack:
    """A compose project: its file, its containers, and the commands of an operator."""

    def __init__(self, directory: Path, files: list[str], variables: dict[str, str]) -> None:
        self.environment = os.environ | variables
        self.base = [*compose_command(), "--project-name", NAME]
        merged = [argument for file in files for argument in ("-f", str(PROJECT / file))]
        shown = self.run([*self.base, *merged, "--project-directory", str(PROJECT), "config"])
        # Docker without NVIDIA's runtime refuses GPU reservations; nothing else is removed.
        file = directory / "compose.yml"
        file.write_text(yaml.safe_dump(without_gpus(yaml.safe_load(shown)), sort_keys=False))
        self.base += ["-f", str(file), "--project-directory", str(PROJECT)]

    def compose(self, *arguments: str, timeout: float = 600) -> str:
        return self.run([*self.base, *arguments], timeout)

    def run(self, command: list[str], timeout: float = 600) -> str:
        done = subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )
        assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def remove(self) -> None:
        subprocess.run(
            [*self.base, "down", "--volumes", "--remove-orphans", "--timeout", "5"],
            env=self.environment,
            capture_output=True,
            timeout=300,
        )


@contextlib.contextmanager
def stack_of(directory: Path, files: list[str], variables: dict[str, str]) -> Iterator[Stack]:
    stack = Stack(directory, files, variables)
    stack.remove()
    try:
        yield stack
    finally:
        if os.environ.get("KEEP_CONTAINERS") is None:
            stack.remove()


def without_gpus(config: dict[str, Any]) -> dict[str, Any]:
    for service in config["services"].values():
        reservations = service.get("deploy", {}).get("resources", {}).get("reservations", {})
        reservations.pop("devices", None)
        if "deploy" in service and not reservations:
            del service["deploy"]
    return config


def docker(*arguments: str, check: bool = True, timeout: float = 300) -> str:
    done = subprocess.run(
        ["docker", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
    )
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def inspect(container: str) -> dict[str, Any]:
    return json.loads(docker("inspect", container))[0]


def health(container: str) -> str:
    state = inspect(container)["State"]
    return state.get("Health", {}).get("Status", "none") if state["Running"] else f"exited {state['ExitCode']}"


def until(what: str, holds: Callable[[], bool], within_s: float, every_s: float = 0.25) -> float:
    """Waits until the condition holds; returns how long that took."""
    start = time.monotonic()
    while time.monotonic() - start < within_s:
        if holds():
            return time.monotonic() - start
        time.sleep(every_s)
    raise AssertionError(f"not within {within_s:.0f} s: {what}")


class Supervised:
    """A container that runs the supervisor."""

    def __init__(self, container: str) -> None:
        self.container = container

    def exec(self, *command: str, check: bool = True) -> str:
        return docker("exec", self.container, *command, check=check)

    def status(self) -> dict[str, dict[str, Any]]:
        """The programs by name; empty if no supervisor answers."""
        text = docker("exec", self.container, "svara-supervisor", "status", "--json", check=False)
        try:
            return {program["name"]: program for program in json.loads(text)["programs"]}
        except ValueError:
            return {}

    def ready(self) -> bool:
        done = subprocess.run(["docker", "exec", self.container, "svara-supervisor", "status"], capture_output=True)
        return done.returncode == 0

    def kill(self, program: str) -> int:
        """Kills the program's first process with SIGKILL, from inside the container; returns its process id."""
        pid = self.status()[program]["pid"]
        self.exec("sh", "-c", f"kill -9 {pid}")
        return pid


def speak(url: str, text: str = "hello world", **fields: Any) -> bytes:
    body = {"text": text, "voice": "en_female", "response_format": "pcm", "top_p": 1.0} | fields
    response = httpx.post(f"{url}/v1/text-to-speech", json=body, timeout=120)
    assert response.status_code == 200, response.text
    return response.content
