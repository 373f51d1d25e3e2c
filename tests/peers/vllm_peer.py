"""A real vLLM on the CPU, serving the tiny checkpoint of scripts/make_tiny_svara.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from processes import Service, free_port, status_of, wait_until
from programs import PROJECT
from reference import END_OF_SPEECH, MODELS

MODEL = "svara"
START_WITHIN_S = 300  # imports alone take one to two minutes on two busy cores
METRICS_WITHIN_S = 5  # less than the tests' long generations take

ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
    "VLLM_NO_USAGE_STATS": "1",
    # The engine works in its own process, as on one GPU. It would poll for a worker's answers with as much processor time as
    # the worker takes. vLLM does so on a CPU to bind threads, of which there is one here.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "HF_HUB_OFFLINE": "1",
    "PYTHONPATH": str(PROJECT / "svara-vllm"),
}


class Vllm:
    def __init__(self, log: Path) -> None:
        self.log = log
        self.port = free_port()
        self.service: Service | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def ensure_started(self) -> None:
        """Starts vLLM, or restarts it after a test has killed it."""
        if self.service is not None and self.service.alive():
            return
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += ["--model", MODELS / "tiny-svara", "--served-model-name", MODEL]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--disable-uvicorn-access-log"]
        command += ["--max-model-len", "4096", "--enforce-eager", "--dtype", "float32", "--generation-config", "vllm"]
        command += ["--enable-prompt-tokens-details"]  # cached_tokens
        # As config/supervisor.toml.
        command += ["--logits-processors", "svara_vllm:FrameMask", "--scheduling-policy", "priority"]
        self.service = Service("vLLM", command, self.log, os.environ | ENVIRONMENT, PROJECT)
        self.service.wait_ready(lambda: status_of(f"{self.root}/health") == 200, START_WITHIN_S)

    def kill(self) -> None:
        """Kills the API server and the engine with SIGKILL."""
        if self.service is not None:
            self.service.kill()

    def generate(self, prompt: list[int], **sampling: Any) -> list[int]:
        """The token ids of a whole generation, without the stop token."""
        body = {"model": MODEL, "prompt": prompt, "stop_token_ids": [END_OF_SPEECH], "return_token_ids": True}
        response = httpx.post(f"{self.base_url}/completions", json=body | sampling, timeout=120)
        response.raise_for_status()
        ids = response.json()["choices"][0]["token_ids"]
        return ids[:-1] if ids[-1:] == [END_OF_SPEECH] else ids

    def cached_tokens(self, prompt: list[int]) -> int:
        """The tokens of a prompt that were in the prefix cache, from the reported usage. The prompt is then cached."""
        body = {"model": MODEL, "prompt": prompt, "max_tokens": 1}
        response = httpx.post(f"{self.base_url}/completions", json=body, timeout=120)
        response.raise_for_status()
        return response.json()["usage"]["prompt_tokens_details"]["cached_tokens"]

    def idle(self, within_s: float = METRICS_WITHIN_S) -> dict[str, float]:
        """The metrics, once no request is in progress: a test counts from here."""
        seen: dict[str, float] = {}

        def nothing_runs() -> bool:
            seen.update(self.metrics())
            return seen["vllm:num_requests_running"] == 0

        wait_until("vLLM has no request in progress", nothing_runs, within_s)
        return seen

    def metric_once(self, name: str, holds: Callable[[float], bool], within_s: float = METRICS_WITHIN_S) -> float:
        """A metric, once this holds of it. vLLM counts a step after it has sent what the step gave."""
        seen: list[float] = []

        def it_holds() -> bool:
            seen.append(self.metric(name))
            return holds(seen[-1])

        try:
            wait_until(name, it_holds, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}, which is {seen[-1]}") from None
        return seen[-1]

    def metric(self, name: str) -> float:
        """A metric as it is now."""
        return self.metrics()[name]

    def metrics(self) -> dict[str, float]:
        """All metrics as they are now: the sum over the labels of each."""
        found: dict[str, float] = {}
        for line in httpx.get(f"{self.root}/metrics", timeout=10).text.splitlines():
            if line.startswith("vllm:"):
                name, value = line.split("{")[0], float(line.rsplit(" ", 1)[1])
                found[name] = found.get(name, 0) + value
        return found
