"""The programs under test: those that `cargo test` has built, or those in $SVARA_BIN_DIR."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("SVARA_BIN_DIR", PROJECT / "target/debug"))


def program(name: str) -> Path:
    """The path of a program; `examples/NAME` for an example."""
    path = PROGRAMS / name
    assert path.exists(), f"{path} is missing: cargo build --workspace --bins --examples"
    return path
