"""A stand-in for vLLM's processes: the same family, the same deaths, up in a moment.

    stand_in.py PORT

API process -> EngineCore -> Worker, all in one group, as measured on vLLM 0.32: when the engine dies the API process
ends its streams with an error and exits by itself; when the worker dies the engine does; when the API process is
killed the other two live on as orphans; on TERM the API process waits for open streams for as long as they stay.

It doesn't use the fake vLLM of svara-bench, which is one process: here each token must come from the worker through
the engine, so that a stopped or killed process stops the stream.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOAD_S = 0.5
TOKENS_PER_SECOND = 50


def worker() -> None:
    """Ticks for as long as it lives."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            print("tick", flush=True)
        except BrokenPipeError:
            os._exit(1)
        time.sleep(1 / TOKENS_PER_SECOND)


def engine_core() -> None:
    """Passes on the worker's ticks, and ends after the worker."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    command = [sys.executable, __file__, "0", "--role", "Worker"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in child.stdout:
        try:
            os.write(1, line)
        except BrokenPipeError:
            # The API process is gone: vLLM's engine idles on and holds its memory.
            time.sleep(3600)


class Api(BaseHTTPRequestHandler):
    """The routes that the supervisor and the tests use."""

    protocol_version = "HTTP/1.1"
    tokens = 0
    running = 0
    engine_alive = True
    stopping = False
    tick = threading.Condition()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(200 if Api.engine_alive else 503)
        elif self.path == "/metrics":
            running = f'vllm:num_requests_running{{engine="0"}} {Api.running}\n'
            self.answer(200, running + f'vllm:generation_tokens_total{{engine="0"}} {Api.tokens}\n')
        else:
            self.answer(404)

    def do_POST(self) -> None:
        streamed = b'"stream": true' in self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Api.running += 1
        try:
            if streamed:
                self.stream()
            else:
                self.answer(200 if self.token() else 500)
        except OSError:
            pass
        finally:
            Api.running -= 1

    def token(self) -> bool:
        """Waits for a token; whether the engine lives."""
        with Api.tick:
            Api.tick.wait()
        return Api.engine_alive

    def stream(self) -> None:
        """Events for as long as the client listens and the engine lives."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        while self.token():
            self.wfile.write(b"data: {}\n\n")
        self.wfile.write(b'data: {"error": {"message": "EngineCore encountered an issue."}}\n\n')

    def answer(self, status: int, body: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


def api(port: int) -> None:
    command = [sys.executable, __file__, "0", "--role", "EngineCore"]
    engine = subprocess.Popen(command, stdout=subprocess.PIPE)
    server = ThreadingHTTPServer(("127.0.0.1", port), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def on_term(*_: object) -> None:
        # Accepts no more requests, and waits for its clients.
        Api.stopping = True
        server.socket.close()

    signal.signal(signal.SIGTERM, on_term)

    def follow() -> None:
        for _ in engine.stdout:
            if not Api.stopping:
                with Api.tick:
                    Api.tokens += 1
                    Api.tick.notify_all()
        Api.engine_alive = False
        with Api.tick:
            Api.tick.notify_all()

    threading.Thread(target=follow, daemon=True).start()
    while Api.engine_alive and not (Api.stopping and Api.running == 0):
        time.sleep(0.05)
    # vLLM's exit code is 0 even when its engine has died.
    time.sleep(0.5)
    if Api.stopping:
        engine.kill()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--role", default="api")
    arguments = parser.parse_args()
    if arguments.role == "Worker":
        worker()
    elif arguments.role == "EngineCore":
        engine_core()
    else:
        time.sleep(LOAD_S)
        api(arguments.port)


if __name__ == "__main__":
    main()
