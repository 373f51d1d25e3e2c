"""Fixtures: Ray Serve with two replicas of vLLM, and our server in front of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from processes import Service, free_port
from programs import PROJECT
from reference import MODELS
from server_peer import Server, changed, settings_for_vllm
from vllm_peer import ENVIRONMENT

HERE = Path(__file__).parent
# Two replicas, the ingress and the proxy import vLLM or Ray on two cores.
START_WITHIN_S, STOP_WITHIN_S = 1800, 60
REPLICAS = 2
PATIENT = {
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "300",  # of 5 s by default, too few on a busy machine
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "120",
    "RAY_worker_niceness": "0",  # of 15 by default: beside anything else, replicas would hardly start
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",  # a token in the home directory otherwise
}


class Cluster:
    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        command = [sys.executable, HERE / "cluster.py", MODELS / "tiny-svara", str(self.port), str(REPLICAS)]
        command += ["--by-session"]
        self.service = Service("Ray", command, log, os.environ | ENVIRONMENT | PATIENT, PROJECT)
        self.service.wait_ready(lambda: "\nready\n" in log.read_text(errors="replace"), START_WITHIN_S)

    def replicas(self) -> list[psutil.Process]:
        """The processes of the replicas of vLLM."""
        running = psutil.Process(self.service.pid).children(recursive=True)
        return [process for process in running if "LLMServer" in " ".join(process.cmdline())]

    def stop(self) -> None:
        self.service.stop(STOP_WITHIN_S)


@pytest.fixture(scope="session")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("ray") / "ray.log")
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def server(ray: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), changed(settings_for_vllm(ray.base_url)))
    server.wait_ready()
    yield server
    server.stop()
