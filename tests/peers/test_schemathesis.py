"""Peer: schemathesis. What the OpenAPI document allows, and much that it doesn't, gets an answer that it foresees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from server_peer import Server, clean_environment

WITHIN_S = 280
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
def server(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The demo voice without its sound, so that a text costs little; short texts for the same reason."""
    kept = tmp_path_factory.mktemp("kept")
    settings = {
        "server": {"host": "127.0.0.1"},
        "decoder": {"kind": "null"},
        "voices": {"store": str(kept / "voices"), "max_kept": 20},
        "jobs": {"store": str(kept / "jobs"), "max_jobs": 20},
        "cache": {"memory_bytes": 20_000_000},
        "limits": {"text_characters": 100},
        "log": {"format": "json"},
    }
    return start_server(settings, "--demo")


def test_every_answer_is_one_that_the_document_foresees(server: Server, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    command = [
        program, "run", f"{server.root}/openapi.json", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",
        "--max-examples", str(EXAMPLES), "--request-timeout", "30", "--seed", "1", "--continue-on-failure",
        "--suppress-health-check", "all", "--warnings", "off", "--max-time", "150",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    run = subprocess.run(
        command, cwd=tmp_path, env=clean_environment() | hooks, capture_output=True, text=True, timeout=WITHIN_S
    )
    assert run.returncode == 0, f"{run.stdout[-6000:]}\n{run.stderr[-1000:]}"
    health = httpx.get(f"{server.root}/health")
    assert health.status_code == 200, "still well"
