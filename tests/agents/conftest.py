"""Fixtures: our server before the demo engine, and before one whose pace is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderly_end import end_in_order
from paced_engine import PacedEngine
from processes import free_port
from server_peer import DEMO, Server

# As a GPU does it: 85 ms of sound every 60 ms. Each speech takes 24 s.
FRAMES, FRAME_MS = 400, 60


def pytest_configure() -> None:
    end_in_order()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("demo"), DEMO.settings, DEMO.arguments)
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PacedEngine]:
    engine = PacedEngine(tmp_path_factory.mktemp("engine") / "log", free_port(), FRAMES, FRAME_MS)
    yield engine
    engine.kill()


@pytest.fixture
def paced(engine: PacedEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which nothing else speaks."""
    settings = {
        "server": {"host": "127.0.0.1"},
        "engine": {"kind": "vllm", "base_url": f"{engine.root}/v1", "model": "svara"},
        # It keeps up whatever else the machine does.
        "decoder": {"kind": "null"},
        "log": {"format": "json"},
    }
    server = Server(tmp_path_factory.mktemp("paced"), settings)
    server.wait_ready()
    yield server
    server.stop()
