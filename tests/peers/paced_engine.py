"""An engine with a fixed pace: vLLM's /v1/completions without a model, for tests that kill engines under load.

python paced_engine.py PORT FRAMES FRAME_MS: each request gets FRAMES frames, one event each, FRAME_MS ms apart.
`GET /stats` reports the requests: `{"sessions": {"hi_female": 3}, "request_ids": [...]}`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIRST_AUDIO_TOKEN = 128266
CODES = 4096


def frame(number: int) -> list[int]:
    return [FIRST_AUDIO_TOKEN + slot * CODES + (number * 7 + slot) * 977 % CODES for slot in range(7)]


class Engine(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, frames: int, frame_ms: float) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.frames = frames
        self.frame_s = frame_ms / 1000
        self.lock = threading.Lock()
        self.sessions: dict[str, int] = {}
        self.request_ids: list[str] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Engine

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        if self.path == "/stats":
            with self.server.lock:
                self.answer({"sessions": self.server.sessions, "request_ids": self.server.request_ids})
        elif self.path == "/v1/models":
            self.answer({"object": "list", "data": [{"id": "svara", "object": "model"}]})
        else:
            self.answer({})

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            session = self.headers.get("x-session-id", "")
            self.server.sessions[session] = self.server.sessions.get(session, 0) + 1
            self.server.request_ids.append(self.headers.get("x-request-id", ""))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number in range(self.server.frames):
            time.sleep(self.server.frame_s)
            self.event({"token_ids": frame(number), "text": "", "finish_reason": None})
        self.event({"token_ids": [128258], "text": "", "finish_reason": "stop", "stop_reason": 128258})
        self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def event(self, choice: dict[str, Any]) -> None:
        self.chunk(f"data: {json.dumps({'choices': [choice | {'index': 0}]})}\n\n".encode())

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    Engine(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])).serve_forever()
