"""An engine with vLLM's wire format that breaks off in the ways that engines do. Tests start it in their own process."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reference import CODES, FIRST_AUDIO, SLOTS
from vllm_peer import MODEL

# How a stream of tokens ends. `reset` and `close` are an engine that dies, `error` and `no reason` what vLLM sends when its
# model fails, `hang` an engine that says nothing more.
CUTS = ("reset", "close", "error", "no reason", "hang")
WHOLE = "whole"


class FailingEngine:
    """Sends `frames` frames to each request, and then ends as `ends` says."""

    def __init__(self) -> None:
        self.ends, self.frames = WHOLE, 6
        self.over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"engine": self}))
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    engine: FailingEngine
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        """Keeps the tests' output clean."""

    def do_GET(self) -> None:  # noqa: N802 (the name is the base class's)
        body = json.dumps({"object": "list", "data": [{"id": MODEL}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:  # noqa: N802
        self.rfile.read(int(self.headers["content-length"]))
        ends, frames = self.engine.ends, self.engine.frames
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the server may leave, as ours does after an error
            for frame in range(frames):
                tokens = [FIRST_AUDIO + slot * CODES + (frame * 31 + slot) % CODES for slot in range(SLOTS)]
                self.event({"choices": [{"index": 0, "text": "", "token_ids": tokens, "finish_reason": None}]})
            self.end(ends)
        self.close_connection = True

    def end(self, ends: str) -> None:
        if ends == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        if ends == "hang":
            self.engine.over.wait(60)
            return
        if ends == "close":
            return
        if ends == "error":
            self.event({"error": {"message": "EngineCore encountered an issue.", "code": 500}})
        if ends == WHOLE:
            self.event({"choices": [{"index": 0, "text": "", "token_ids": [], "finish_reason": "stop"}]})
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, event: dict[str, Any]) -> None:
        self.chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
