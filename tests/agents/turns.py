"""What agents say, and what the server does meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx

from server_peer import Server

TURNS = 12
WITHIN_S = 60
# What an interruption may take on a machine that does other things, too. It says that nothing is spoken to its end.
FREED_WITHIN_S = 8
REPLY = "This is a sentence of a reply that takes some seconds to say. "


async def reply(sentences: int, then: asyncio.Event | None = None) -> AsyncIterator[str]:
    """A language model's words. Where there is an event, the last sentence waits for it."""
    for number in range(sentences):
        if then and number == sentences - 1:
            await then.wait()
        for word in REPLY.split():
            yield word + " "
            await asyncio.sleep(0)


async def speeches(server: Server) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{server.root}/health")).json()["open_streams"]


async def until_speeches(server: Server, count: int, within_s: float = WITHIN_S) -> float:
    """Seconds until so many speeches are spoken."""
    start = time.monotonic()
    while (now := await speeches(server)) != count:
        assert time.monotonic() - start < within_s, f"{now} speeches after {within_s} s, not {count}"
        await asyncio.sleep(0.005)
    return time.monotonic() - start
