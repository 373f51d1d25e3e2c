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
import tempfile
import wave
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from bench.figures import MODELS, QUICK, RESULTS, Run
from bench.processes import Server, fake_engine, load, resident_bytes, server
from siege.attacks import KINDS, REFUSALS, Place
from siege.http import ask, form, request
from siege.watch import (
    HOME,
    JOB_EVERY_S,
    PROBE_EVERY_S,
    Jobs,
    Probe,
    foreign_voices,
    holds,
    more_than,
    quiet,
    refused_afterwards,
)

ALICE, BOB = "sk-siege-of-alice-0123456789", "sk-siege-of-bob-0123456789ab"


def say(text: str) -> None:
    print(f"siege: {text}", flush=True)


def attack(place: Place, stop: Event, counts: multiprocessing.SimpleQueue) -> None:
    """Runs all attacks at once, again and again, in a process of its own."""
    rounds: collections.Counter[str] = collections.Counter()
    through: collections.Counter[str] = collections.Counter()
    faults: collections.Counter[str] = collections.Counter()

    async def repeat(kind) -> None:
        while not stop.is_set():
            try:
                through[kind.__name__] += await kind(place) or 0
                rounds[kind.__name__] += 1
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                # Being refused, cut off or kept waiting is what an attacker gets.
                rounds[kind.__name__] += 1
            except Exception as error:
                # An attack with a fault of its own attacks nobody.
                faults[f"{kind.__name__}: {error!r}"] += 1
            await asyncio.sleep(0.1)

    async def all_kinds() -> None:
        await asyncio.gather(*(repeat(kind) for kind in KINDS))

    asyncio.run(all_kinds())
    counts.put((dict(rounds), dict(through), dict(faults), dict(place.seen)))


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
        # A round ends within some ten seconds. One that doesn't, or a process that died, has put nothing.
        self.process.join(120)
        if self.process.exitcode != 0:
            self.process.kill()
            raise SystemExit(f"siege: the attackers ended with {self.process.exitcode}")
        self.rounds, self.through, self.faults, self.seen = self.counts.get()

    def not_attacked(self) -> list[str]:
        """Attacks that took place too seldom, had faults of their own, or never met what has to refuse them."""
        idle = [kind.__name__ for kind in KINDS if self.rounds.get(kind.__name__, 0) < 2]
        missed = [f"{kind} {status}" for kind, status in REFUSALS if (kind, status) not in self.seen]
        return [*idle, *(f"never {what}" for what in missed), *self.faults]


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
        stuck = quiet(place.port, BOB)
        start, held = resident_bytes(running.pid), holds(running.pid)
        say(f"warm: {start / 1e6:.0f} MB, {held}, in use: {stuck or 'nothing'}")
        probe, jobs = Probe(place.port), Jobs(place.port, ALICE)
        probe.start()
        jobs.start()
        attackers, step = under_attack("siege", running, place, seconds, wanted.streams)
        for watcher in (probe, jobs):
            watcher.stop.set()
            watcher.join()
        stuck = quiet(place.port, BOB)
        jobs.take()
        lost = jobs.lost()
        end, foreign = resident_bytes(running.pid), foreign_voices(place.port, {ALICE: 1, BOB: 0, None: 0})
        stuck |= more_than(held, holds(running.pid))
        refused = refused_afterwards(place.port, ALICE, tone())
    through = {name: count for name, count in attackers.through.items() if count}
    say(f"rounds of each attack: {attackers.rounds}")
    told = [line for line in (RESULTS / "server.log").read_text().splitlines() if "panicked" in line]
    p99, grown = probe.p99_ms(), end / start - 1
    gaps, streams = step["streams_with_underruns"], step["sent"]
    # Nothing is good because nothing took place.
    asked, posts = seconds / PROBE_EVERY_S, seconds / JOB_EVERY_S
    probes = f"{p99:.1f} ms of {len(probe.took_s)}, longest {max(probe.took_s, default=0) * 1000:.0f} ms"
    run.row("`/health/live` p99", "≤ 50 ms", probes, p99 <= 50 and len(probe.took_s) >= asked * 0.9)
    run.row("`/health/live` refused", "0", str(probe.failed), probe.failed == 0)
    good = not step["failed"] and streams >= wanted.streams and step["audio_seconds"] > seconds / 2
    failed = f"{step['failed']} of {streams} ({step['audio_seconds']:.0f} s of audio) {step['failures'] or ''}"
    run.row("good streams failed", "0", failed, good)
    longest = f"{gaps} of {streams}, longest silence {step['longest_silence_ms']:.0f} ms"
    run.row("good streams with a gap", "0", longest, gaps == 0)
    run.row("memory at the end", "within 10 %", f"{start / 1e6:.0f} → {end / 1e6:.0f} MB", abs(grown) <= 0.1)
    run.row("places stuck", "0", str(stuck or 0), not stuck)
    run.row("refused afterwards", "0", str(refused or 0), not refused)
    kept = not lost and len(jobs.lengths) == 1 and jobs.posted >= posts * 0.5
    spoken = f"{lost or 0} of {jobs.posted}, audio of {sorted(jobs.lengths)} bytes"
    run.row("jobs lost", "0", spoken, kept)
    run.row("jobs refused", "0", str(dict(jobs.refused) or 0), not jobs.refused)
    run.row("foreign voices", "0", str(foreign), foreign == 0)
    run.row("attacks that got through", "0", str(through or 0), not through)
    idle = attackers.not_attacked()
    run.row("attacks that were none", "0", str(idle or 0), not idle)
    run.row("panics", "0", str(len(told)), not told)
    where = f"{wanted.minutes:g} minutes, decoder {wanted.decoder}, load {load_before:.1f} before the start"
    print(f"\n{where}\n\n| | target | seen | |\n|---|---|---|---|")
    for row in run.rows:
        print(f"| {row.what} | {row.target} | {row.measured} | {'yes' if row.reached else '**no**'} |")
    results = {"where": where, "rows": [vars(row) for row in run.rows], "rounds": attackers.rounds}
    (RESULTS / "siege.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return int(not all(row.reached for row in run.rows))


if __name__ == "__main__":
    raise SystemExit(main())
