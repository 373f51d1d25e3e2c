"""Processes that a test starts, and that end in any case."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx


# Longer than anything that a test waits for takes, even on a busy machine. It ends a hang, and says nothing of how fast
# something is.
PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(
    what: str, condition: Callable[[], bool], within_s: float = PATIENCE_S, every_s: float = 0.02
) -> float:
    """Seconds until the condition holds; fails if that takes longer than the limit."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > within_s:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(every_s)
    return time.monotonic() - start


class Service:
    """A process in its own session, with its output in a file."""

    def __init__(
        self, name: str, command: list[str | Path], log: Path, environment: dict[str, str], directory: Path
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    def tail(self, lines: int = 40) -> str:
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return f"--- end of the log of {self.name} ({self.log}):\n" + "\n".join(text)

    def wait_ready(self, ready: Callable[[], bool], within_s: float) -> None:
        def up() -> bool:
            if not self.alive():
                raise AssertionError(f"{self.name} ended with code {self.process.returncode}\n{self.tail()}")
            return ready()

        try:
            wait_until(f"{self.name} is ready", up, within_s, every_s=0.1)
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def kill(self) -> None:
        """Sends SIGKILL to the whole group, including the children of a dead leader."""
        self._signal_group(signal.SIGKILL)
        self.process.wait()
        atexit.unregister(self.kill)

    def stop(self, within_s: float) -> int:
        """Sends SIGTERM and returns the exit code; fails if that takes longer than the limit."""
        if self.alive():
            self.process.terminate()
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} ignored SIGTERM for {within_s} s\n{self.tail()}") from None
        self.kill()
        return code

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self.process.pid, number)


def status_of(url: str, timeout_s: float = 2) -> int | None:
    """The status of a GET; None if there is no answer."""
    try:
        return httpx.get(url, timeout=timeout_s).status_code
    except httpx.TransportError:
        return None
