#!/usr/bin/env python3
"""A local model hub: serves directories over the API that the Hugging Face libraries use.

    fake_hub.py PORT ORG/NAME=DIRECTORY...

It supports only what a download needs: the list of a repository's files with their checksums, and the files, whole or
from an offset. Tests use the class and its faults; containers run the program. It needs only the standard library.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE_BYTES = 100_000  # files of this size or more count as stored in LFS


class FakeHub:
    """Repositories by name, and the faults that a test injects."""

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.token: str | None = None
        """What `Authorization: Bearer` has to say, when set."""
        self.break_after: dict[str, int] = {}
        """File name to how many bytes of its next answer are sent before the connection is cut; used up by that."""
        self.corrupt: set[str] = set()
        """Files whose content is sent with one bit turned."""
        self.fail_next = 0
        """How many of the next requests are answered 503."""
        self.requests: list[str] = []
        """What was asked for: METHOD PATH, and the range where there was one."""

    @contextlib.contextmanager
    def serving(self, address: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        server = ThreadingHTTPServer((address, port), type("Handler", (_Handler,), {"hub": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        span = self.headers.get("Range")
        hub.requests.append(f"{self.command} {path}" + (f" {span}" if span else ""))
        if hub.fail_next > 0:
            hub.fail_next -= 1
            return self.refuse(503, "")
        if hub.token is not None and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self.refuse(401, "Invalid credentials in Authorization header", "RepoNotFound")
        for name, directory in hub.repositories.items():
            if path.startswith(f"/api/models/{name}/revision/") or path == f"/api/models/{name}":
                return self.send(json.dumps(listing(name, directory)).encode(), {}, body, 200)
            if path.startswith(f"/api/models/{name}/tree/"):
                return self.send(json.dumps(tree(directory)).encode(), {}, body, 200)
            prefix = f"/{name}/resolve/"
            if path.startswith(prefix):
                _revision, _, file = path.removeprefix(prefix).partition("/")
                if (directory / file).is_file():
                    return self.send_file(directory / file, file, span, body)
                return self.refuse(404, "Entry not found", "EntryNotFound")
        return self.refuse(404, "Repository not found", "RepoNotFound")

    def send_file(self, path: Path, name: str, span: str | None, body: bool) -> None:
        content = path.read_bytes()
        headers = {"X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes", "ETag": f'"{etag(content)}"'}
        if len(content) >= LARGE_BYTES:
            headers |= {"X-Linked-Etag": f'"{etag(content)}"', "X-Linked-Size": str(len(content))}
        if name in self.hub.corrupt:
            content = bytes([content[0] ^ 1]) + content[1:]
        status = 200
        if span is not None:
            start = int(span.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        cut = self.hub.break_after.pop(name, None) if body else None
        self.send(content, headers, body, status, cut)

    def send(self, content: bytes, headers: dict[str, str], body: bool, status: int, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content[:cut])
        if cut is not None:
            self.close_connection = True

    def refuse(self, status: int, message: str, code: str = "") -> None:
        self.send(json.dumps({"error": message}).encode(), {"X-Error-Code": code} if code else {}, True, status)

    def log_message(self, *_: Any) -> None:
        pass


def listing(name: str, directory: Path) -> dict[str, Any]:
    siblings = []
    for entry in tree(directory):
        sibling = {"rfilename": entry["path"], "size": entry["size"], "blobId": entry["oid"]}
        if "lfs" in entry:
            sibling["lfs"] = {"sha256": entry["lfs"]["oid"], "size": entry["size"], "pointerSize": 134}
        siblings.append(sibling)
    return {"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings}


def tree(directory: Path) -> list[dict[str, Any]]:
    entries = []
    for path in sorted(p for p in directory.rglob("*") if p.is_file() and not p.name.startswith(".")):
        content = path.read_bytes()
        name = str(path.relative_to(directory))
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": git_id(content)}
        if len(content) >= LARGE_BYTES:
            entry["lfs"] = {"oid": etag(content), "size": len(content), "pointerSize": 134}
        entries.append(entry)
    return entries


def etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if len(content) >= LARGE_BYTES else git_id(content)


def git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def main() -> None:
    port, *pairs = sys.argv[1:]
    repositories = {name: Path(directory) for name, _, directory in (pair.partition("=") for pair in pairs)}
    with FakeHub(repositories).serving("0.0.0.0", int(port)):
        threading.Event().wait()


if __name__ == "__main__":
    main()
