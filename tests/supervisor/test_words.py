"""supervisorctl's words, under supervisord and under ours with the same file, imported: same output, same exit codes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from supervisors import Ours, Supervisor, Theirs

CONF = """
[supervisord]
nodaemon=true
logfile={directory}/log/supervisord.log
pidfile={directory}/supervisord.pid
childlogdir={directory}/log
[unix_http_server]
file={directory}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{directory}/socket
[program:up]
command=sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done; exec sleep 1000'
stdout_logfile={directory}/log/up.log
[program:down]
command=sleep 1000
autostart=false
[program:bad]
command=false
autostart=false
startretries=0
[program:many]
command=sleep 1000
numprocs=2
process_name=%(program_name)s-%(process_num)d
startsecs=0
[program:web]
command=sh -c 'echo out; echo err >&2; exec sleep 1000'
numprocs=2
process_name=%(program_name)s_%(process_num)02d
startsecs=0
redirect_stderr=true
[program:gone]
command=/no/such/file
autostart=false
startretries=0
[program:data]
command=/etc/passwd
autostart=false
startretries=0
"""

CHANGED = """
[program:up]
command=sleep 1001
[program:new]
command=sleep 1000
[program:down]
command=sleep 1000
autostart=false
[program:many]
command=sleep 1000
numprocs=2
process_name=%(program_name)s-%(process_num)d
startsecs=0
[program:web]
command=sh -c 'echo out; echo err >&2; exec sleep 1000'
numprocs=2
process_name=%(program_name)s_%(process_num)02d
startsecs=0
redirect_stderr=true
"""

# In this order; what starts is waited for.
LINES = [
    *("status", "status all", "status up", "status down", "status nobody", "status up nobody", "status nobody down"),
    *("start up", "stop down", "stop up", "stop up", "start up", "start up down", "stop all", "stop all", "start up"),
    *("restart up", "restart down", "stop down", "restart down up", "stop down", "start bad", "status bad", "stop bad"),
    *("start nobody", "start nobody up", "start nobody:*", "stop nobody", "stop nobody:*", "restart nobody"),
    *("start", "stop", "restart", "signal", "signal HUP", "clear", "tail"),
    *("pid", "pid up", "pid down", "pid nobody", "pid up down", "pid all"),
    *("signal CONT up", "signal CONT down", "signal LOUD up", "signal CONT nobody", "signal CONT nobody:*"),
    *("tail up", "tail -15 up", "tail -7 up stdout", "tail up stderr", "tail up odd", "tail nobody", "tail -x up"),
    *("tail -f", "tail up stdout stderr odd", "clear up", "tail up", "clear nobody", "clear up down"),
    *("reread", "reread now", "update", "update nobody", "avail now", "maintail -x", "maintail 1 2", "shutdown now"),
    *("help frobnicate", "frobnicate", "start gone", "start data"),
    *("pid web:web_00", "pid web:web_07", "status web:web_01", "restart web:web_01", "signal CONT web:web_00"),
    *("stop web:web_00 web:web_01", "start web:web_00", "clear web:web_01", "stop many:many-0", "start many:many-0"),
]

# What is typed into the shell.
TYPED = "\nstop up\n  frobnicate now \nstart up\nshutdown\nno\nshutdown now\npid down\nquit\nstop up\n"

USAGE = "shutdown \tShut the remote supervisord down.\n"

AFTER = ["reread", "update nobody", "update", "update", "status up", "status bad"]


@pytest.fixture
def pair(tmp_path: Path):
    made = []
    for kind in (Ours, Theirs):
        directory = tmp_path / kind.name
        (directory / "log").mkdir(parents=True)
        made.append(kind(directory, {}))
    if not Path(Ours.binary).exists() or not (Theirs.bin / "supervisord").exists():
        pytest.fail("needs both supervisors")
    yield made
    for supervisor in made:
        supervisor.close()


def write(supervisor: Supervisor, text: str) -> None:
    conf = supervisor.directory / "supervisord.conf"
    conf.write_text(text.format(directory=supervisor.directory))
    if isinstance(supervisor, Ours):
        toml = supervisor.directory / "supervisor.toml"
        done = subprocess.run([supervisor.binary, "import", str(conf), "-o", str(toml)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def words(supervisor: Supervisor, line: str, typed: str = "") -> tuple[str, int]:
    if isinstance(supervisor, Ours):
        link = supervisor.directory / "supervisorctl"
        if not link.exists():
            link.symlink_to(supervisor.binary)
        command, environment = [str(link)], {"SVARA_SUPERVISOR_SOCKET": str(supervisor.directory / "socket")}
    else:
        command = [str(supervisor.bin / "supervisorctl"), "-c", str(supervisor.directory / "supervisord.conf")]
        environment = {}
    environment = {**os.environ, **environment}
    done = subprocess.run([*command, *line.split()], input=typed, capture_output=True, text=True, env=environment)
    if typed:
        return done.stdout, done.returncode
    return shown(done.stdout, supervisor.directory), done.returncode


def shown(text: str, directory: Path) -> str:
    """Without what differs from run to run, without help after an error, and by name where the order is by chance."""
    text = re.sub(r"pid \d+, uptime [\d:]+", "pid N, uptime T", text.replace(str(directory), "DIR"))
    lines = [re.sub(r"^\d+$", lambda found: "N" if found[0] != "0" else "0", line) for line in text.splitlines()]
    # The state; the old program has a date or nothing after it, unless it runs.
    lines = [re.sub(r"^(\S+ +(STOPPED|EXITED|FATAL|STARTING|BACKOFF)).*", r"\1", line).rstrip() for line in lines]
    if lines and lines[0].startswith("Error: "):
        lines = lines[:1]
    many = [line for line in lines if ":" in line or " RUNNING " in line or line.endswith("STOPPED")]
    return "\n".join(sorted(lines) if len(many) == len(lines) else lines).rstrip()


def tail(supervisor: Supervisor) -> set[str]:
    """Both outputs of one file, whose order is by chance."""
    return set(words(supervisor, "tail web:web_00")[0].split())


def group(text: str) -> str:
    """supervisord puts the processes of one program into a group, and shows them by `process_name`."""
    return re.sub(r"web:web_0(\d)", r"web-\1", text.replace("many:many-", "many-"))


def test_the_old_words_do_what_they_did(pair, tmp_path: Path) -> None:
    ours, theirs = pair
    for supervisor in pair:
        write(supervisor, CONF)
        supervisor.start()
    for supervisor in pair:
        until_running(supervisor, "up")
    different = []

    def compare(line: str) -> None:
        expected, seen = words(theirs, line), words(ours, line)
        expected = (re.sub(r" +", " ", group(expected[0])), expected[1])
        seen = (re.sub(r" +", " ", group(seen[0])), seen[1])
        if expected != seen:
            different.append(f"{line}\n  supervisord: {expected}\n  ours:        {seen}")

    for line in LINES:
        compare(line)
    assert tail(ours) == tail(theirs) == {"out", "err"}
    expected, seen = (group(words(supervisor, "", TYPED)[0]) for supervisor in (theirs, ours))
    # Usage follows an error; help is not the same.
    expected, seen = (said[said.index("supervisor> ") :].replace(USAGE, "") for said in (expected, seen))
    assert seen == expected
    for supervisor in pair:
        head = CONF.split("[program:")[0]
        write(supervisor, head + CHANGED)
    for line in AFTER:
        compare(line)
        for supervisor in pair:
            until_running(supervisor, "up")
    compare("shutdown")
    for supervisor in pair:
        supervisor.process.wait(30)
    compare("status")
    assert not different, "\n".join(different)


def until_running(supervisor: Supervisor, name: str) -> None:
    for _ in range(200):
        if " RUNNING " in words(supervisor, f"status {name}")[0]:
            return
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(f"{supervisor.name}: {name} doesn't run")
