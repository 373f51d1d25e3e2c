"""An orderly exit for tests that are told to end."""

from __future__ import annotations

import signal
from types import FrameType

import pytest


def end_in_order() -> None:
    """Ends the run on SIGTERM as on Ctrl-C: fixtures clean up, and with them the processes in sessions of their own."""

    def terminated(number: int, _frame: FrameType | None) -> None:
        pytest.exit(f"signal {number}", returncode=128 + number)

    signal.signal(signal.SIGTERM, terminated)
