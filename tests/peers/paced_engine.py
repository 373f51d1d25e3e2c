"""svara-bench's stand-in for vLLM: an engine of a known pace."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from processes import Service
from programs import PROJECT, program
from reference import SLOTS
from vllm_peer import MODEL


class PacedEngine:
    """Answers each request with `frames` frames, `frame_ms` apart."""

    def __init__(self, log: Path, port: int, frames: int, frame_ms: float, ttft_ms: float = 0) -> None:
        self.port, self.root = port, f"http://127.0.0.1:{port}"
        command = [program("svara-bench"), "serve-fake", "--port", port, "--model", MODEL, "--frames", frames]
        command += ["--ttft-ms", ttft_ms, "--rate", 1000 * SLOTS / frame_ms]
        self.service = Service("paced engine", [str(part) for part in command], log, dict(os.environ), PROJECT)

    def stats(self) -> dict:
        return httpx.get(f"{self.root}/stats").json()

    def kill(self) -> None:
        self.service.kill()
