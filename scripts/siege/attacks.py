"""What attackers do, one function for each kind. Each does it once, in some seconds, and says how often it got through
where it must not."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import os
import random
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from siege.http import ask, ask_json, connection, form, message, request, reset_at_close, upgrade

SPEECH = "/v1/text-to-speech"
TEXT = "नमस्ते, आज का दिन अच्छा है।"
CORPUS = Path(__file__).resolve().parents[2] / "fuzz/corpus"
FOREIGN = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}


@dataclass
class Place:
    """Whom to attack, with what."""

    port: int
    key: str
    """A valid key."""
    their_voice: str
    """A voice of another key."""
    seen: collections.Counter[tuple[str, int]] = field(default_factory=collections.Counter)
    """How often what was answered, by the name of the attack."""

    def source(self) -> str:
        """One of some attackers' addresses."""
        return f"127.0.{random.randint(1, 3)}.{random.randint(2, 30)}"


def speech(place: Place, **fields: object) -> bytes:
    body = json.dumps({"text": TEXT, "voice": "hi_female", "response_format": "pcm"} | fields).encode()
    return request("POST", SPEECH, body, key=place.key)


async def trickle(place: Place, sent: bytes, pause_s: float, most_s: float) -> None:
    async with connection(place.port, place.source()) as (_, writer):
        async with asyncio.timeout(most_s):
            for at in range(len(sent)):
                writer.write(sent[at : at + 1])
                await writer.drain()
                await asyncio.sleep(pause_s)


async def slow_heads(place: Place) -> None:
    await asyncio.gather(*(trickle(place, request("GET", "/" + "a" * 500), 0.5, 15) for _ in range(20)))


async def slow_bodies(place: Place) -> None:
    await asyncio.gather(*(trickle(place, speech(place, text="a" * 3000), 0.02, 20) for _ in range(10)))


async def slow_reader(place: Place) -> None:
    async with connection(place.port, place.source()) as (reader, writer):
        writer.get_extra_info("socket").setsockopt(1, 8, 4096)  # SO_RCVBUF
        writer.write(speech(place, text=TEXT * 20))
        for _ in range(150):
            if not await reader.read(190):
                return
            await asyncio.sleep(0.2)


async def leaves(place: Place) -> None:
    """Ten clients that leave somewhere, by a close or a reset, or that only close their sending side."""
    for _ in range(10):
        async with connection(place.port, place.source()) as (reader, writer):
            sent = speech(place)
            writer.write(sent[: random.choice([len(sent), random.randrange(len(sent))])])
            await writer.drain()
            how = random.randrange(3)
            if how == 0:
                reset_at_close(writer)
            elif how == 1:
                writer.write_eof()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(random.random()):
                    await reader.read(1 << 16)


async def big_bodies(place: Place) -> None:
    """Bodies sent but for the last byte, of keys and of nobody; lengths that are only said; fields that are refused."""

    async def but_one(key: str | None) -> None:
        body = b"\0" * (6 << 20)
        async with connection(place.port, place.source()) as (reader, writer):
            headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(len(body) + 1)}
            writer.write(request("POST", "/v1/voice-clone", headers=headers, key=key) + body)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await reader.read(1)

    said = request("POST", SPEECH, headers={"content-length": str(1 << 31)}, key=place.key)
    refused = json.dumps({"text": "a", "audio_effects": [{"": 0}] * 80_000}).encode()
    await asyncio.gather(
        *(but_one(random.choice([place.key, None])) for _ in range(8)),
        ask(place.port, place.source(), said),
        ask(place.port, place.source(), request("POST", SPEECH + "/hi_female", refused, key=place.key)),
    )


async def bad_json(place: Place) -> None:
    bodies = [b"", b"{", b"[" * 100_000, b'{"text":"\xff"}', b'{"text":1e400}', b'{"text":"\\ud800"}', b"null", b'"a"']
    bodies += [b'{"text":' + b"[" * 20_000, os.urandom(500), json.dumps({"text": "\0" * 1000}).encode()]
    paths = [SPEECH, "/v1/audio/speech", SPEECH + "/hi_female", "/v1/jobs", "/v1/voices", "/v1/text/preview"]
    for path in paths:
        await ask(place.port, place.source(), request("POST", path, random.choice(bodies), key=place.key))


async def lying_uploads(place: Place) -> None:
    """Recordings of the fuzzers' corpus, some bytes changed, and a fragmented MP4 that claims samples without end."""
    recording = bytearray(random.choice(sorted((CORPUS / "uploads").iterdir())).read_bytes())
    for _ in range(random.randrange(5)):
        recording[random.randrange(len(recording))] = random.randrange(256)
    trun = struct.pack(">I4sII", 16, b"trun", 0, 0xFFFFFFFF) * 50
    moof = struct.pack(">I4s", 16 + len(trun), b"moof") + struct.pack(">I4s", 8 + len(trun), b"traf") + trun
    ftyp = struct.pack(">I4s4sI", 16, b"ftyp", b"iso5", 0)
    for upload in (bytes(recording), ftyp + moof):
        body, headers = form({"text": "a", "reference_audio": upload, "reference_transcript": "a"})
        await ask(place.port, place.source(), request("POST", SPEECH, body, headers, place.key))


async def wrong_keys(place: Place) -> int:
    through = 0
    for _ in range(50):
        status, _ = await ask(place.port, place.source(), request("GET", "/v1/jobs", key=os.urandom(16).hex()))
        place.seen["wrong_keys", status] += 1
        through += status == 200
    return through


async def foreign_pages(place: Place) -> int:
    """What a page of another origin can send, and the voices of another key."""
    body, headers = form({"name": "foreign", "audio": b"RIFF", "consent": "true"})
    sent = [
        request("POST", "/v1/voices", body, headers | FOREIGN, place.key),
        request("POST", SPEECH, b"text=a", FOREIGN | {"content-type": "application/x-www-form-urlencoded"}, place.key),
        request("POST", "/debug/timing/reset", headers=FOREIGN, key=place.key),
        request("DELETE", f"/v1/voices/{place.their_voice}", key=place.key),
        request("GET", f"/v1/voices/{place.their_voice}", key=place.key),
        request("GET", f"/v1/voices/{place.their_voice}"),
        speech(place, voice=place.their_voice),
    ]
    answers = [await ask(place.port, place.source(), one) for one in sent]
    place.seen.update(("foreign_pages", status) for status, _ in answers)
    async with connection(place.port, place.source()) as (reader, writer):
        writer.write(upgrade(f"{SPEECH}/hi_female/stream-input?xi_api_key={place.key}", FOREIGN))
        first = await asyncio.wait_for(reader.read(64), 10)
    return sum(status in range(200, 300) for status, _ in answers) + (b" 101 " in first)


async def sockets(place: Place) -> None:
    """Sockets without a key, and those that speak, fall silent or leave in the middle."""

    async def one(key: str) -> None:
        async with connection(place.port, place.source()) as (reader, writer):
            writer.write(upgrade(f"{SPEECH}/hi_female/stream-input{key}"))
            for _ in range(random.randrange(4)):
                writer.write(message({"text": TEXT + " ", "flush": random.random() < 0.5}))
            writer.write(random.choice([b"", b"\x81\x05abcde", b"\xc1\x80", os.urandom(40)]))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(random.random() * 4):
                    while await reader.read(1 << 14):
                        pass

    await asyncio.gather(*(one(random.choice(["", f"?xi_api_key={place.key}"])) for _ in range(8)))


async def idle(place: Place) -> None:
    """Connections that ask once and stay."""

    async def one(source: str) -> None:
        async with connection(place.port, source) as (reader, writer):
            writer.write(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            await reader.read(1000)
            await asyncio.sleep(10)

    source = place.source()
    await asyncio.gather(*(one(source) for _ in range(300)), return_exceptions=True)


async def odd_bytes(place: Place) -> None:
    """Requests that proxies and servers might read differently, and HTTP/2 streams that are reset at once."""
    host = b"host: localhost\r\n"
    odd = [
        b"GET / HTTP/1.1\r\n" + host + host + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\n" + host + b"\n",
        b"POST / HTTP/1.1\r\n" + host + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"\x16\x03\x01" + os.urandom(100),
    ]
    for sent in odd:
        await ask(place.port, place.source(), sent, 15)
    head = b"\x82\x84\x86\x41\x09localhost"
    streams = b"".join(
        struct.pack(">I", len(head))[1:]
        + b"\x01\x05"
        + struct.pack(">I", number)
        + head
        + b"\x00\x00\x04\x03\x00"
        + struct.pack(">II", number, 8)
        for number in range(1, 2001, 2)
    )
    await ask(place.port, place.source(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0" + streams, 10)


async def own_jobs(place: Place) -> None:
    """Jobs of the attacker's key, long ones, and as many as it may have."""
    await ask_json(place.port, place.source(), "POST", "/v1/jobs", place.key, {"text": TEXT * 20, "voice": "hi_female"})
    status, listed = await ask_json(place.port, place.source(), "GET", "/v1/jobs", place.key)
    if status == 200 and len(listed["jobs"]) > 20:
        for job in listed["jobs"]:
            await ask_json(place.port, place.source(), "DELETE", f"/v1/jobs/{job['id']}", place.key)


KINDS: list[Callable[[Place], Awaitable[int | None]]] = [
    slow_heads, slow_bodies, slow_reader, leaves, big_bodies, bad_json, lying_uploads, wrong_keys, foreign_pages,
    sockets, idle, odd_bytes, own_jobs,
]  # fmt: skip

REFUSALS = [("wrong_keys", 401), ("foreign_pages", 403), ("foreign_pages", 404)]
"""What attackers must have met, or their attacks were none: the answers that keep them out."""
