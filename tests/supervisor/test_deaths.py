"""Causes the same failures under both supervisors. Asserts what ours must do, and records what supervisord does."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from engines import REAL_ENVIRONMENT, STREAM, free_port, real_command, stand_in_command
from supervisors import Ours, Supervisor, alive, group_of


# Longer than anything here takes, even on a busy machine: it ends a hang.
PATIENCE_S = 60.0


def health(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def until(condition, limit: float) -> float | None:
    """Seconds until the condition holds; None if that takes longer than the limit."""
    start = time.monotonic()
    while time.monotonic() - start < limit:
        if condition():
            return time.monotonic() - start
        time.sleep(0.05)
    return None


class Stream:
    """An open stream and how it ended."""

    def __init__(self, port: int) -> None:
        self.ended: float | None = None
        self.flowing = threading.Event()
        self.thread = threading.Thread(target=self.read, args=(port,), daemon=True)
        self.thread.start()
        assert self.flowing.wait(60), "the stream doesn't flow"

    def read(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("POST", "/v1/completions", STREAM, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            while answer.read1(4096):
                self.flowing.set()
        except (OSError, http.client.HTTPException):
            pass
        self.ended = time.monotonic()

    def ended_within(self, since: float, limit: float) -> str:
        self.thread.join(max(0.0, since + limit - time.monotonic()))
        if self.ended is None:
            return f"stream hangs (> {limit:.0f} s)"
        return f"stream broken off after {self.ended - since:.1f} s"


class Case:
    """One supervisor with a ready vLLM or stand-in."""

    def __init__(self, supervisor: Supervisor, peer: str, directory: Path) -> None:
        self.supervisor, self.peer, self.port = supervisor, peer, free_port()
        self.real = peer == "real vLLM"
        ours = isinstance(supervisor, Ours)
        self.start_limit = 400.0 if self.real else PATIENCE_S
        self.hang_limit = PATIENCE_S if ours or self.real else 12.0
        command = real_command(self.port, directory) if self.real else stand_in_command(self.port)
        supervisor.environment.update(REAL_ENVIRONMENT if self.real else {})
        self.stamp = directory / "server-started"
        server = [sys.executable, "-c", f"open({str(self.stamp)!r}, 'w'); import time; time.sleep(1e6)"]
        supervisor.write(command, self.port, server, self.real)
        supervisor.start()
        self.server_first = False
        ready = until(self.ready, self.start_limit)
        assert ready is not None, (directory / "console.log").read_text()[-2000:]
        self.server_early = self.server_first
        self.role("Worker")

    def ready(self) -> bool:
        if health(self.port):
            return True
        self.server_first = self.server_first or self.stamp.exists()
        return False

    def remember(self) -> dict[int, str]:
        leader = self.supervisor.pid("vllm")
        self.family = group_of(leader) if leader else {}
        self.leader = leader
        self.supervisor.remember(self.family)
        return self.family

    def role(self, word: str) -> int:
        """A process of vLLM by its name; a worker may start after its API process."""

        def found() -> list[int]:
            return [pid for pid, command in self.remember().items() if word in command]

        assert until(found, PATIENCE_S) is not None, f"no {word} in {self.family}"
        return found()[0]

    def heal(self, limit: float) -> tuple[str, bool]:
        """Waits until a new API process answers; returns how long it took and what the old one left behind."""
        old, start, since = dict(self.family), time.monotonic(), time.time()
        noticed = until(lambda: self.supervisor.pid("vllm") != self.leader, limit)
        if noticed is None:
            return f"not noticed within {limit:.0f} s", False
        if isinstance(self.supervisor, Ours):
            # By its own clock: a command that asks takes time as well.
            noticed = max(0.0, self.supervisor.noticed_at("vllm", self.leader) - since)
        back = until(lambda: self.supervisor.pid("vllm") not in (None, self.leader), limit)
        beside = [pid for pid in old if alive(pid)] if back is not None else []
        healed = until(lambda: health(self.port), self.start_limit)
        took = time.monotonic() - start
        left = [pid for pid in old if alive(pid)]
        if healed is None:
            return f"noticed after {noticed:.1f} s, not healed within {self.start_limit:.0f} s", False
        words = f"noticed after {noticed:.1f} s, ready again after {took:.1f} s"
        words += f"; {len(beside)} old processes beside the new ones" if beside else ""
        words += f"; {len(left)} still there at the end" if left else "; nothing left behind"
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.role("Worker")
        return words, noticed <= 2.0 and not beside and not left


@pytest.mark.parametrize("peer", ["stand-in", "real vLLM"])
def test_kill_table(supervisor: Supervisor, peer: str, tmp_path: Path, note) -> None:
    case = Case(supervisor, peer, tmp_path)
    ours = isinstance(supervisor, Ours)

    def put(row: str, seen: str, good: bool) -> None:
        note(supervisor, peer, row, seen)
        assert good or not ours, f"{row}: {seen}"

    early = case.server_early
    put("the server starts", "before vLLM is ready" if early else "once vLLM is ready", not early)

    for victim, role in (("the API process", None), ("EngineCore", "EngineCore"), ("the worker", "Worker")):
        row = f"kill -9 of {victim}"
        stream, since = Stream(case.port), time.monotonic()
        os.kill(case.role(role) if role else case.leader, signal.SIGKILL)
        # vLLM's API process takes 5 to 7 s to follow its engine; /health reports the death earlier.
        if role:
            gone = until(lambda: not alive(case.leader), 30)
            seen = f"ends by itself after {gone:.1f} s" if gone is not None else "lives on"
            put(f"{row}: the API process", seen, True)
        healed, good = case.heal(30)
        put(row, f"{healed}; {stream.ended_within(since, 30)}", good and stream.ended is not None)

    stream, since = Stream(case.port), time.monotonic()
    os.kill(case.role("EngineCore"), signal.SIGSTOP)
    seen, good = case.heal(case.hang_limit)
    good = "nothing left behind" in seen
    put("SIGSTOP of EngineCore (hang) under load", f"{seen}; {stream.ended_within(since, case.hang_limit)}", good)
    if not good:
        os.kill(case.role("EngineCore"), signal.SIGCONT)
        time.sleep(1)
    if not ours and stream.ended is None:
        case.remember()

    if ours:
        # Needs the canary: the engine freezes while idle, so no request ever appears as running.
        os.kill(case.role("EngineCore"), signal.SIGSTOP)
        seen, _ = case.heal(case.hang_limit)
        put("SIGSTOP of EngineCore while idle", seen, "nothing left behind" in seen)
    else:
        note(supervisor, peer, "SIGSTOP of EngineCore while idle", "as above: there is no hang detection")

    stream, since, old = Stream(case.port), time.monotonic(), dict(case.family)
    supervisor.stop("vllm")
    took, left = time.monotonic() - since, [pid for pid in old if alive(pid)]
    seen = f"stopped after {took:.1f} s, {len(left)} processes left; {stream.ended_within(since, 40)}"
    put("stop (TERM) under load", seen, not left and stream.ended is not None)


def test_a_killed_supervisor(supervisor: Supervisor, tmp_path: Path, note) -> None:
    case = Case(supervisor, "stand-in", tmp_path)
    supervisor.process.kill()
    supervisor.process.wait()
    until(lambda: not any(map(alive, case.family)), PATIENCE_S if isinstance(supervisor, Ours) else 5)
    left = [pid for pid in case.family if alive(pid)]
    seen = f"{len(left)} of {len(case.family)} processes live on"
    note(supervisor, "stand-in", "kill -9 of the supervisor (not PID 1)", seen)
    assert not left or not isinstance(supervisor, Ours)


def test_a_crash_loop(supervisor: Supervisor, tmp_path: Path, note) -> None:
    """A model that fails after it has loaded for longer than startsecs (1 s)."""
    if isinstance(supervisor, Ours):
        supervisor.max_restarts = 3
    counter = tmp_path / "starts"
    script = f"open({str(counter)!r}, 'a').write('x'); import time, sys; time.sleep(1.2); sys.exit(1)"
    supervisor.write([sys.executable, "-c", script], free_port(), [sys.executable, "-c", "pass"], False)
    supervisor.start()
    until(lambda: supervisor.state("vllm") in ("failed", "fatal"), PATIENCE_S if isinstance(supervisor, Ours) else 25)
    starts, state = len(counter.read_text()), supervisor.state("vllm")
    note(supervisor, "stand-in", "exits with 1 after 1.2 s of loading, for 25 s", f"{starts} starts, then: {state}")
    if isinstance(supervisor, Ours):
        assert (starts, state) == (4, "failed")


def test_an_unknown_key(supervisor: Supervisor, tmp_path: Path, note) -> None:
    supervisor.write(["sleep", "1000"], free_port(), ["sleep", "1000"], False)
    file = tmp_path / ("supervisor.toml" if isinstance(supervisor, Ours) else "supervisord.conf")
    key = 'depends_on = ["vllm"]' if isinstance(supervisor, Ours) else "depends_on=vllm"
    file.write_text(file.read_text() + key + "\n")
    supervisor.start()
    limit = PATIENCE_S if isinstance(supervisor, Ours) else 2
    refused = until(lambda: supervisor.process.poll() is not None, limit) is not None
    seen = f"refused, exit code {supervisor.process.poll()}" if refused else "runs without a word"
    note(supervisor, "stand-in", "an unknown key (`depends_on`) in the file", seen)
    assert supervisor.process.poll() == 64 or not isinstance(supervisor, Ours)


def test_status_knows_health(supervisor: Supervisor, tmp_path: Path, note) -> None:
    """A process that runs but doesn't answer."""
    supervisor.write(["sleep", "1000"], free_port(), ["sleep", "1000"], False)
    supervisor.start()
    until(lambda: supervisor.pid("vllm") is not None, 10)
    time.sleep(3)
    code = supervisor.control("status", "vllm").returncode
    note(supervisor, "stand-in", "exit code of `status` while vLLM lives and answers nothing", str(code))
    assert code == 1 or not isinstance(supervisor, Ours)
