"""Peer: schemathesis, with the demo voice and a real vLLM. Requests that the OpenAPI document allows, and many that it
doesn't, get a response that it describes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from quick import quick
from reference import MODELS
from server_peer import Engine, Server, changed, clean_environment

WITHIN_S = 1200  # bounds a hang; two to five minutes, by how busy the machine is
EXAMPLES = int(os.environ.get("SVARA_SCHEMATHESIS_EXAMPLES", "15"))
CHECKS = (
    "no_failure_of_ours",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


@pytest.fixture(scope="module")
def server(engine: Engine, start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Settings with all features on, and with short texts, which cost little."""
    kept = tmp_path_factory.mktemp("kept")
    settings = changed(
        quick(engine, kept),
        voices={"store": str(kept / "voices"), "max_kept": 20},
        jobs={"store": str(kept / "jobs"), "max_jobs": 20},
        cache={"memory_bytes": 20_000_000},
        limits={"text_characters": 5 if engine.vllm else 100},
    )
    if engine.vllm:
        settings = changed(settings, cloning={"encoder": str(MODELS / "snac-small/encoder.onnx")})
    else:
        # The demo voice without audio. It has no cloning, and the document then says so.
        settings = changed(settings, decoder={"kind": "null"})
    return start_server(settings, *engine.arguments)


def test_every_answer_is_one_that_the_document_foresees(engine: Engine, server: Server, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    # Without --max-time: with it, schemathesis generates at random until the time is over, and skips later phases.
    phases = "examples,coverage" if engine.vllm else "examples,coverage,fuzzing"
    command = [
        program, "run", f"{server.root}/openapi.json", "--checks", ",".join(CHECKS), "--phases", phases,
        "--max-examples", str(EXAMPLES), "--request-timeout", "30", "--seed", "1", "--continue-on-failure",
        "--suppress-health-check", "all", "--warnings", "off",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    run = subprocess.run(
        command, cwd=tmp_path, env=clean_environment() | hooks, capture_output=True, text=True, timeout=WITHIN_S
    )
    assert run.returncode == 0, f"{run.stdout[-6000:]}\n{run.stderr[-1000:]}"
    seen = re.search(r"Operations:\s+(\d+) selected / (\d+) total", run.stdout)
    tested = re.search(r"Tested: (\d+)", run.stdout)
    assert seen and tested and seen[1] == seen[2] == tested[1], f"not all was tested: {run.stdout[-2000:]}"
    health = httpx.get(f"{server.root}/health")
    assert health.status_code == 200, "still well"
    if engine.vllm:
        assert engine.vllm.metric("vllm:request_success_total") > 0, "nothing was spoken"
