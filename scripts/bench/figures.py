"""How much is measured, the results so far, and what all parts share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
RELEASE = Path(os.environ.get("SVARA_BIN_DIR", PROJECT / "target/release"))
MODELS = PROJECT / "target/test-models"
RESULTS = PROJECT / "target/bench"

FRAME_SECONDS = 2048 / 24000
FRAME_TOKENS = 7
RATE, TTFT_MS = 200, 50
CORES = os.cpu_count() or 1


@dataclass
class Effort:
    """How much is measured."""

    decode_repetitions: int = 5
    server_requests: int = 8
    first_audio_requests: int = 40
    capacity_seconds: int = 30
    null_requests: int = 3000
    flat_requests: int = 5000
    starts: int = 5


QUICK = Effort(
    decode_repetitions=2,
    server_requests=4,
    first_audio_requests=15,
    capacity_seconds=12,
    null_requests=1000,
    flat_requests=1000,
    starts=3,
)


@dataclass
class Row:
    """One criterion."""

    what: str
    target: str
    measured: str
    reached: bool


@dataclass
class Run:
    """The results so far."""

    effort: Effort
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)

    def row(self, what: str, target: str, measured: str, reached: bool) -> None:
        self.rows.append(Row(what, target, measured, reached))
        say(f"{what}: {measured} (target {target}) {'reached' if reached else 'NOT REACHED'}")


def say(text: str) -> None:
    print(f"bench: {text}", flush=True)


def number(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f}"
