"""One interface to svara-supervisor and supervisord: start in a directory, query, kill."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def processes() -> dict[int, tuple[int, int, str, str, int]]:
    """Every process: parent, group, state, command line and start, which tells it from others with its id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (OSError, IndexError):
            continue
        found[int(entry.name)] = (int(stat[1]), int(stat[2]), stat[0], command, int(stat[19]))
    return found


def alive(pid: int) -> bool:
    entry = processes().get(pid)
    return entry is not None and entry[2] not in "ZX"


def group_of(leader: int) -> dict[int, str]:
    """The living members of a group and their command lines."""
    return {pid: entry[3] for pid, entry in processes().items() if entry[1] == leader and entry[2] not in "ZX"}


class Supervisor:
    """The operations of both supervisors."""

    name: str

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.directory = directory
        self.environment = {**os.environ, **environment}
        self.process: subprocess.Popen[bytes] | None = None
        # Processes that a test has seen, which may survive it: their ids and starts.
        self.seen: set[tuple[int, int]] = set()

    def spawn(self, command: list[str]) -> None:
        with (self.directory / "console.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def remember(self, pids: Iterable[int]) -> None:
        """Has `close` kill these processes."""
        now = processes()
        self.seen |= {(pid, now[pid][4]) for pid in pids if pid in now}

    def close(self) -> None:
        """Kills it and all processes that it may have left behind, and none that has got an id of theirs since."""
        if self.process is None:
            return
        self.remember(pid for pid, entry in processes().items() if str(self.directory) in entry[3])
        self.process.kill()
        self.process.wait()
        limit = time.monotonic() + 60
        while left := [pid for pid, entry in processes().items() if (pid, entry[4]) in self.seen and entry[2] not in "ZX"]:
            assert time.monotonic() < limit, f"{left} can't be killed"
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


class Ours(Supervisor):
    """svara-supervisor with the probes of the shipped file."""

    name = "svara-supervisor"
    # The tests kill the program more often than a healthy program dies.
    max_restarts = 20
    binary = str(Path(os.environ.get("SVARA_BIN_DIR", ROOT / "target/debug")) / "svara-supervisor")

    def write(self, vllm: list[str], port: int, server: list[str], real: bool) -> None:
        url = f"http://127.0.0.1:{port}"
        stall = "10s" if real else "2s"
        body = json.dumps({"model": "svara", "prompt": [128000], "max_tokens": 1})
        (self.directory / "supervisor.toml").write_text(f"""
[supervisor]
socket = "{self.directory}/socket"
[log]
directory = "{self.directory}/log"
[program.vllm]
command = {json.dumps(vllm)}
stop = {{ grace = "{"30s" if real else "3s"}", unhealthy_grace = "2s" }}
backoff = {{ initial = "1s" }}
max_restarts = {self.max_restarts}
restart_window = "30m"
[program.vllm.startup]
http = "{url}/health"
deadline = "10m"
[program.vllm.readiness]
http = "{url}/health"
period = "1s"
[program.vllm.hang]
metrics = "{url}/metrics"
stall = "{stall}"
period = "1s"
[program.vllm.hang.canary]
http = "{url}/v1/completions"
body = '{body}'
every = "5s"
[program.server]
command = {json.dumps(server)}
after = ["vllm"]
ready_after = "100ms"
""")

    def start(self) -> None:
        self.spawn([self.binary, "run", "--config", str(self.directory / "supervisor.toml")])

    def control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.binary, "--socket", str(self.directory / "socket"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def pid(self, program: str) -> int | None:
        answer = self.control("status", program)
        if not answer.stdout:
            return None
        return json.loads(answer.stdout)["programs"][0]["pid"]

    def state(self, program: str) -> str:
        answer = self.control("status", program)
        # There is no status before the socket exists.
        return json.loads(answer.stdout)["programs"][0]["state"] if answer.stdout else "unknown"

    def stop(self, program: str) -> None:
        self.control("stop", program)

    def noticed_at(self, program: str, pid: int) -> float:
        """When it saw that this process has ended or hangs, in seconds since 1970."""
        events = map(json.loads, (self.directory / "log/events.jsonl").read_text().splitlines())
        times = [
            event["time"]
            for event in events
            if (event["event"], event.get("program"), event.get("pid")) == ("stopping", program, pid)
        ]
        return datetime.fromisoformat(times[-1].replace("Z", "+00:00")).timestamp()


class Theirs(Supervisor):
    """supervisord with the old configuration, except for paths, the command and a control socket."""

    name = "supervisord"
    bin = Path(sys.executable).parent

    def write(self, vllm: list[str], port: int, server: list[str], real: bool) -> None:
        # The old file has no control socket, so its documented supervisorctl commands fail; without one there would be
        # nothing to compare.
        program = """
[program:{name}]
command={command}
autostart=true
autorestart=true
startretries=3
redirect_stderr=true
stdout_logfile={log}/{name}.log
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=10
priority={priority}
{rest}
killasgroup=true
stopasgroup=true
"""
        log = self.directory / "log"
        log.mkdir(exist_ok=True)
        (self.directory / "supervisord.conf").write_text(
            f"""
[supervisord]
nodaemon=true
logfile={log}/supervisord.log
pidfile={self.directory}/supervisord.pid
childlogdir={log}
loglevel=info
user=root
[unix_http_server]
file={self.directory}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{self.directory}/socket
"""
            + program.format(
                name="vllm",
                command=shlex.join(vllm).replace("%", "%%"),
                log=log,
                priority=100,
                rest=f"stopwaitsecs={30 if real else 3}",
            )
            + program.format(
                name="server",
                command=shlex.join(server).replace("%", "%%"),
                log=log,
                priority=200,
                rest="startsecs=10\nstopwaitsecs=10\n# Wait for vLLM to be ready before starting\ndepends_on=vllm",
            )
        )

    def start(self) -> None:
        self.spawn([str(self.bin / "supervisord"), "-c", str(self.directory / "supervisord.conf")])

    def control(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "supervisorctl"), "-c", str(self.directory / "supervisord.conf"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def pid(self, program: str) -> int | None:
        text = self.control("pid", program).stdout.strip()
        return int(text) if text.isdigit() and text != "0" else None

    def state(self, program: str) -> str:
        words = self.control("status", program).stdout.split()
        return words[1].lower() if len(words) > 1 else "unknown"

    def stop(self, program: str) -> None:
        self.control("stop", program)
