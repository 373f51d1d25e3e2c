"""A server with a single stream, and a client that keeps it busy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from server_peer import Server, Settings, changed

# Some minutes of speech. Its samples exceed the socket buffers, so no engine finishes before the client releases it.
LONG = "one two three four five six. " * 100


def only_one_stream(settings: Settings) -> Settings:
    """Settings for one stream and no queue; further requests get a Retry-After of up to 30 seconds."""
    return changed(settings, decoder={"max_streams": 1}, limits={"queue": 0, "queue_seconds": 1.0})


@contextlib.contextmanager
def holding_the_only_stream(server: Server, **client: Any) -> Iterator[Callable[..., None]]:
    """Keeps the stream busy; returns a function that frees it after some time."""
    body = {"text": LONG, "voice": "en_male", "response_format": "pcm", "top_p": 1.0}
    with httpx.stream("POST", f"{server.root}/v1/text-to-speech", json=body, timeout=60, **client) as held:
        assert held.status_code == 200
        timers = []

        def let_go(after_s: float) -> None:
            timers.append(threading.Timer(after_s, held.close))
            timers[-1].start()

        yield let_go
        for timer in timers:
            timer.join()
