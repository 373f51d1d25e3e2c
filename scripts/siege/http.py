"""Raw HTTP and WebSockets over asyncio, from an address of one's own: what client libraries wouldn't send."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def connection(port: int, source: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection from this loopback address. At its end, what is left unsent or unread doesn't matter."""
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), limit=1 << 16), 10
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def reset_at_close(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def request(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, key: str | None = None
) -> bytes:
    """A request that says that the connection is closed after it."""
    fields = {"host": "127.0.0.1", "connection": "close"} | (headers or {})
    if body or method == "POST":
        fields.setdefault("content-length", str(len(body)))
        fields.setdefault("content-type", "application/json")
    if key:
        fields["authorization"] = f"Bearer {key}"
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def ask(port: int, source: str, sent: bytes, within_s: float = 30) -> tuple[int, bytes]:
    """Status and body; status 0 if the connection ended before an answer."""
    async with connection(port, source) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(sent)
            await writer.drain()
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(within_s):
                while more := await reader.read(1 << 16):
                    answer += more
    while answer.startswith(b"HTTP/1.1 1"):
        answer = answer.partition(b"\r\n\r\n")[2]
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if b"transfer-encoding: chunked" in head.lower():
        body = unchunked(body)
    return (int(words[1]) if len(words) > 1 else 0), body


def unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        try:
            count = int(size, 16)
        except ValueError:
            break
        parts.append(body[:count])
        body = body[count + 2 :]
    return b"".join(parts)


async def ask_json(port: int, source: str, method: str, path: str, key: str | None, fields: object = None) -> tuple:
    body = b"" if fields is None else json.dumps(fields).encode()
    status, answer = await ask(port, source, request(method, path, body, key=key))
    try:
        return status, json.loads(answer)
    except ValueError:
        return status, None


def form(fields: dict[str, str | bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body, and its headers; fields of bytes are files."""
    mark = os.urandom(8).hex()
    parts = []
    for name, value in fields.items():
        file = '; filename="a.bin"' if isinstance(value, bytes) else ""
        value = value if isinstance(value, bytes) else value.encode()
        head = f'--{mark}\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts.append(head.encode() + value + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={mark}"}


def upgrade(path: str, headers: dict[str, str] | None = None) -> bytes:
    fields = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(),
    } | (headers or {})
    return request("GET", path, headers=fields)


def message(fields: object) -> bytes:
    """A masked text frame."""
    text = json.dumps(fields).encode()
    size = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE]) + struct.pack(">H", len(text))
    mask = os.urandom(4)
    return b"\x81" + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
