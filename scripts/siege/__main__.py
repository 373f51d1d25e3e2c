"""Attacks a server while others use it, and says what those others noticed. Started by scripts/siege.sh."""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import hashlib
import io
import json
import math
import multiprocessing
import os
import re
import socket
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from bench.figures import MODELS, QUICK, RESULTS, Run
from bench.processes import Server, fake_engine, load, resident_bytes, server
from siege.attacks import KINDS, Place
from siege.http import ask, ask_json, form, request

ALICE, BOB = "sk-siege-of-alice-0123456789", "sk-siege-of-bob-0123456789ab"
HOME = "127.0.0.1"
PROBE_EVERY_S = 0.05
JOB_EVERY_S = 5.0
QUIET_WITHIN_S = 180


def say(text: str) -> None:
    print(f"siege: {text}", flush=True)


def attack(place: Place, stop: Event, counts: multiprocessing.SimpleQueue) -> None:
    """Runs all attacks at once, again and again, in a process of its own."""
    rounds: collections.Counter[str] = collections.Counter()
    through: collections.Counter[str] = collections.Counter()

    async def repeat(kind) -> None:
        while not stop.is_set():
            # Being refused, cut off or kept waiting is what an attacker gets.
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                through[kind.__name__] += await kind(place) or 0
            rounds[kind.__name__] += 1
            await asyncio.sleep(0.1)

    async def all_kinds() -> None:
        await asyncio.gather(*(repeat(kind) for kind in KINDS))

    asyncio.run(all_kinds())
    counts.put((dict(rounds), dict(through)))


class Attackers:
    """The attackers' process, between `with` and its end."""

    def __init__(self, place: Place) -> None:
        self.counts, self.stop = multiprocessing.SimpleQueue(), multiprocessing.Event()
        self.process = multiprocessing.Process(target=attack, args=(place, self.stop, self.counts))

    def __enter__(self) -> Attackers:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.rounds, self.through = self.counts.get()
        self.process.join()


class Probe(threading.Thread):
    """Asks for /health/live over new connections, and notes how long each answer takes."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.stop, self.took_s, self.failed = port, threading.Event(), [], 0

    def run(self) -> None:
        sent = request("GET", "/health/live")
        while not self.stop.wait(PROBE_EVERY_S):
            start = time.monotonic()
            try:
                with socket.create_connection((HOME, self.port), timeout=30) as probe:
                    probe.sendall(sent)
                    self.failed += not probe.recv(100).startswith(b"HTTP/1.1 200")
            except OSError:
                self.failed += 1
            self.took_s.append(time.monotonic() - start)

    def p99_ms(self) -> float:
        ranked = sorted(self.took_s)
        return ranked[math.ceil(len(ranked) * 0.99) - 1] * 1000


class Jobs(threading.Thread):
    """Posts alice's jobs, and takes each away once its audio is there."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port, self.stop, self.open, self.posted, self.refused = port, threading.Event(), [], 0, 0

    def ask(self, method: str, path: str, fields: object = None) -> tuple:
        return asyncio.run(ask_json(self.port, HOME, method, path, ALICE, fields))

    def run(self) -> None:
        while not self.stop.wait(JOB_EVERY_S):
            with contextlib.suppress(OSError, TimeoutError):
                self.take()
                status, job = self.ask("POST", "/v1/jobs", {"text": "नमस्ते।", "voice": "hi_female"})
                if status == 202:
                    self.posted += 1
                    self.open.append(job["id"])
                else:
                    self.refused += 1

    def lost(self) -> list[str]:
        """What has become of jobs that were promised and have no audio once everything is over."""
        states = [self.ask("GET", f"/v1/jobs/{job}") for job in self.open]
        return [f"{status} {job and job['status']}" for status, job in states]

    def take(self) -> None:
        """Deletes the jobs whose audio is there."""
        for job in list(self.open):
            heard = request("GET", f"/v1/jobs/{job}/audio", key=ALICE)
            status, _ = asyncio.run(ask(self.port, HOME, heard))
            if status == 200 and self.ask("DELETE", f"/v1/jobs/{job}")[0] == 200:
                self.open.remove(job)


@contextlib.contextmanager
def besieged(decoder: str) -> Iterator[tuple[Server, Place]]:
    """A server with two keys, stores and an encoder, and a voice of alice's."""
    with tempfile.TemporaryDirectory() as directory, fake_engine("--frames-per-token", 1) as engine:
        keys = Path(directory) / "keys.toml"
        entries = [
            f'[[keys]]\nname = "{name}"\nsha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\n'
            for name, key in (("alice", ALICE), ("bob", BOB))
        ]
        keys.write_text("".join(entries))
        models = MODELS / ("snac-full" if decoder == "full" else "snac-small")
        sections = {
            "server": {"keys_file": str(keys)},
            "cloning": {"encoder": str(models / "encoder.onnx")},
            "voices": {"store": f"{directory}/voices"},
            "jobs": {"store": f"{directory}/jobs"},
        }
        null = ["--decoder", "null"] if decoder == "null" else []
        model = str(models / "decoder_stream.onnx")
        with server(engine, *null, max_streams=16, sections=sections, model=model) as running:
            port = int(running.url.rsplit(":", 1)[1])
            body, headers = form({"name": "Alice", "consent": "true", "transcript": "a", "audio": tone()})
            made, answer = asyncio.run(ask(port, HOME, request("POST", "/v1/voices", body, headers, ALICE)))
            assert made == 201, answer
            yield running, Place(port, BOB, json.loads(answer)["voice_id"])


def tone() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(24_000)
        samples = (int(9000 * math.sin(at * 0.06) * math.sin(at * 0.0007)) for at in range(48_000))
        recording.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return file.getvalue()


def open_places(port: int) -> dict[str, float]:
    """What is in use, by its metric; the connection that asks is left out."""
    _, page = asyncio.run(ask(port, HOME, request("GET", "/metrics")))
    names = "speech_open|decoder_streams_open|queue_waiting|job_items_running|job_items_waiting|connections_open"
    found: collections.Counter[str] = collections.Counter()
    for name, value in re.findall(rf"^svara_({names})(?:\{{.*\}})? (\S+)$", page.decode(), re.MULTILINE):
        found[name] += float(value)
    found["connections_open"] -= 1
    return {name: value for name, value in found.items() if value > 0}


def quiet(port: int) -> dict[str, float]:
    """Takes the attackers' jobs away, and waits until nothing is in use; returns what still is after too long."""
    _, listed = asyncio.run(ask_json(port, HOME, "GET", "/v1/jobs", BOB))
    for job in listed["jobs"]:
        asyncio.run(ask_json(port, HOME, "DELETE", f"/v1/jobs/{job['id']}", BOB))
    deadline = time.monotonic() + QUIET_WITHIN_S
    while (used := open_places(port)) and time.monotonic() < deadline:
        time.sleep(0.5)
    # The server gives memory back once it has been quiet for a while.
    time.sleep(5)
    return used


def foreign_voices(port: int) -> int:
    """Saved voices that somebody sees who didn't make them; alice has made one, bob none."""
    count = 0
    for key, own in ((ALICE, 1), (BOB, 0), (None, 0)):
        status, listed = asyncio.run(ask_json(port, HOME, "GET", "/v2/voices?category=cloned&page_size=100", key))
        assert status == 200, (status, listed)
        count += abs(len(listed["voices"]) - own)
    return count


def under_attack(name: str, running: Server, place: Place, seconds: float, streams: int) -> tuple:
    with Attackers(place) as attackers:
        steps = load(name, running, "--streams", streams, "--seconds", seconds, "--warm-up", 0)
    return attackers, steps[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--decoder", choices=["full", "small", "null"], default="full")
    parser.add_argument("--streams", type=int, default=2)
    wanted = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    os.environ["SVARA_BENCH_API_KEY"] = ALICE
    run, seconds, load_before = Run(QUICK), wanted.minutes * 60, os.getloadavg()[0]
    with besieged(wanted.decoder) as (running, place):
        warm_up = min(120, max(30, seconds / 10))
        say(f"the server listens on {running.url}; {warm_up:.0f} s to warm up, then {seconds:.0f} s")
        under_attack("siege-warm-up", running, place, warm_up, wanted.streams)
        stuck = quiet(place.port)
        start = resident_bytes(running.pid)
        say(f"warm: {start / 1e6:.0f} MB, in use: {stuck or 'nothing'}")
        probe, jobs = Probe(place.port), Jobs(place.port)
        probe.start()
        jobs.start()
        attackers, step = under_attack("siege", running, place, seconds, wanted.streams)
        for watcher in (probe, jobs):
            watcher.stop.set()
            watcher.join()
        stuck = quiet(place.port)
        jobs.take()
        lost = jobs.lost()
        end, foreign = resident_bytes(running.pid), foreign_voices(place.port)
    through = {name: count for name, count in attackers.through.items() if count}
    say(f"rounds of each attack: {attackers.rounds}")
    p99, grown = probe.p99_ms(), end / start - 1
    gaps, streams = step["streams_with_underruns"], step["sent"]
    run.row("`/health/live` p99", "≤ 50 ms", f"{p99:.1f} ms of {len(probe.took_s)}", p99 <= 50)
    run.row("`/health/live` refused", "0", str(probe.failed), probe.failed == 0)
    run.row("good streams failed", "0", f"{step['failed']} of {streams} {step['failures'] or ''}", not step["failed"])
    longest = f"{gaps} of {streams}, longest silence {step['longest_silence_ms']:.0f} ms"
    run.row("good streams with a gap", "0", longest, gaps == 0)
    run.row("memory at the end", "within 10 %", f"{start / 1e6:.0f} → {end / 1e6:.0f} MB", abs(grown) <= 0.1)
    run.row("places stuck", "0", str(stuck or 0), not stuck)
    run.row("jobs lost", "0", f"{lost or 0} of {jobs.posted} ({jobs.refused} refused)", not lost)
    run.row("foreign voices", "0", str(foreign), foreign == 0)
    run.row("attacks that got through", "0", str(through or 0), not through)
    where = f"{wanted.minutes:g} minutes, decoder {wanted.decoder}, load {load_before:.1f} before the start"
    print(f"\n{where}\n\n| | target | seen | |\n|---|---|---|---|")
    for row in run.rows:
        print(f"| {row.what} | {row.target} | {row.measured} | {'yes' if row.reached else '**no**'} |")
    results = {"where": where, "rows": [vars(row) for row in run.rows], "rounds": attackers.rounds}
    (RESULTS / "siege.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return int(not all(row.reached for row in run.rows))


if __name__ == "__main__":
    raise SystemExit(main())
