"""What others notice while a server is attacked, and what is left of the attack once it is over."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import math
import re
import socket
import threading
import time
from pathlib import Path

from siege.http import ask, ask_json, form, request

HOME = "127.0.0.1"
PROBE_EVERY_S = 0.05
JOB_EVERY_S = 5.0
QUIET_WITHIN_S = 180
TEXT = "नमस्ते।"
PLACES = [
    "speech_open", "decoder_streams_open", "decoder_queue_calls", "queue_waiting", "running", "engine_in_flight",
    "job_items_running", "job_items_waiting", "connections_open",
]  # fmt: skip


class Probe(threading.Thread):
    """Asks for /health/live over new connections, at fixed times. An answer counts from when it was to be asked for:
    otherwise a stall of ten seconds would be one late answer among thousands, instead of two hundred."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.stop, self.took_s, self.failed = port, threading.Event(), [], 0

    def run(self) -> None:
        sent, due = request("GET", "/health/live"), time.monotonic()
        while not self.stop.wait(max(0, due - time.monotonic())):
            try:
                with socket.create_connection((HOME, self.port), timeout=30) as probe:
                    probe.sendall(sent)
                    self.failed += not probe.recv(100).startswith(b"HTTP/1.1 200")
            except OSError:
                self.failed += 1
            self.took_s.append(time.monotonic() - due)
            due += PROBE_EVERY_S

    def p99_ms(self) -> float:
        ranked = sorted(self.took_s)
        return ranked[math.ceil(len(ranked) * 0.99) - 1] * 1000 if ranked else math.inf


class Jobs(threading.Thread):
    """Posts jobs of one key, and takes each away once its audio is there. All have one text, and audio of one length."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(daemon=True)
        self.port, self.key, self.stop, self.open = port, key, threading.Event(), []
        self.posted, self.taken, self.lengths = 0, 0, set()
        self.refused: collections.Counter[str] = collections.Counter()

    def ask(self, method: str, path: str, fields: object = None) -> tuple:
        return asyncio.run(ask_json(self.port, HOME, method, path, self.key, fields))

    def run(self) -> None:
        while not self.stop.wait(JOB_EVERY_S):
            self.take()
            self.post()

    def post(self) -> None:
        try:
            status, job = self.ask("POST", "/v1/jobs", {"text": TEXT, "voice": "hi_female", "response_format": "pcm"})
        except (OSError, TimeoutError) as error:
            status, job = type(error).__name__, None
        if status == 202:
            self.posted += 1
            self.open.append(job["id"])
        else:
            self.refused[str(status)] += 1

    def take(self) -> None:
        """Deletes the jobs whose audio is there."""
        for job in list(self.open):
            heard = request("GET", f"/v1/jobs/{job}/audio", key=self.key)
            try:
                status, audio = asyncio.run(ask(self.port, HOME, heard))
                if status == 200:
                    self.lengths.add(len(audio))
                if status == 200 and self.ask("DELETE", f"/v1/jobs/{job}")[0] == 200:
                    self.taken += 1
                    self.open.remove(job)
            except (OSError, TimeoutError):
                # It stays, and is asked for again.
                continue

    def lost(self) -> list[str]:
        """What has become of jobs that were promised and have no audio once everything is over."""
        states = [self.ask("GET", f"/v1/jobs/{job}") for job in self.open]
        return [f"{status} {job and job['status']}" for status, job in states]


def open_places(port: int) -> dict[str, float]:
    """What is in use, by its metric; the connection that asks is left out."""
    _, page = asyncio.run(ask(port, HOME, request("GET", "/metrics")))
    found: collections.Counter[str] = collections.Counter()
    for name, value in re.findall(rf"^svara_({'|'.join(PLACES)})(?:\{{.*\}})? (\S+)$", page.decode(), re.MULTILINE):
        found[name] += float(value)
    missing = set(PLACES) - set(found)
    assert not missing, f"/metrics has none of {missing}"
    found["connections_open"] -= 1
    return {name: value for name, value in found.items() if value > 0}


def holds(pid: int) -> dict[str, int]:
    """What a process holds beside memory: processes of its own, open files, threads."""
    children = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end meanwhile.
        with contextlib.suppress(OSError):
            children.append((task / "children").read_text().split())
    files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return {"processes": sum(map(len, children)), "files": files, "threads": len(children)}


def more_than(before: dict[str, int], after: dict[str, int]) -> dict[str, str]:
    """What a process holds more of than before. Threads that block and idle connections to the engine come and go."""
    allowed = {"processes": 0, "files": 32, "threads": 16}
    return {name: f"{before[name]} → {count}" for name, count in after.items() if count > before[name] + allowed[name]}


def quiet(port: int, attacker: str) -> dict[str, float]:
    """Takes the attackers' jobs away, and waits until nothing is in use; returns what still is after too long."""
    _, listed = asyncio.run(ask_json(port, HOME, "GET", "/v1/jobs", attacker))
    for job in listed["jobs"]:
        asyncio.run(ask_json(port, HOME, "DELETE", f"/v1/jobs/{job['id']}", attacker))
    deadline = time.monotonic() + QUIET_WITHIN_S
    while (used := open_places(port)) and time.monotonic() < deadline:
        time.sleep(0.5)
    # The server gives memory back once it has been quiet for a while.
    time.sleep(5)
    return used


def refused_afterwards(port: int, key: str, recording: bytes) -> dict[str, int]:
    """What doesn't work once it is quiet, by its status: places that no metric shows may be taken for good."""

    async def all_doors() -> dict[str, int]:
        speech = {"text": TEXT, "voice": "hi_female", "response_format": "pcm"}
        whole = speech | {"stream": False}
        body, headers = form({"text": TEXT, "reference_audio": recording, "reference_transcript": "a"})
        # As many recordings, and as many bytes of bodies, as may be in work at once.
        cloned = [ask(port, HOME, request("POST", "/v1/text-to-speech", body, headers, key)) for _ in range(4)]
        large, of_large = form({"text": TEXT, "reference_audio": bytes(6 << 20), "reference_transcript": "a"})
        statuses = {"streamed": (await ask_json(port, HOME, "POST", "/v1/text-to-speech", key, speech))[0]}
        statuses["whole"] = (await ask_json(port, HOME, "POST", "/v1/text-to-speech", key, whole))[0]
        for number, (status, _) in enumerate(await asyncio.gather(*cloned)):
            statuses[f"recording {number}"] = status
        for number in range(8):
            status, _ = await ask(port, HOME, request("POST", "/v1/text-to-speech", large, of_large, key))
            # Zeros are no recording, which is told once all of them are read.
            statuses[f"large body {number}"] = 200 if status == 422 else status
        return {what: status for what, status in statuses.items() if status != 200}

    return asyncio.run(all_doors())


def foreign_voices(port: int, keys: dict[str | None, int]) -> int:
    """Saved voices that somebody sees who didn't make them, or that are gone; `keys` have made this many."""
    count = 0
    for key, own in keys.items():
        status, listed = asyncio.run(ask_json(port, HOME, "GET", "/v2/voices?category=cloned&page_size=100", key))
        assert status == 200, (status, listed)
        count += abs(len(listed["voices"]) - own)
    return count
