"""What is supervised: the stand-in, or vLLM on the CPU with the tiny checkpoint."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from supervisors import ROOT

PEERS = Path(os.environ.get("SVARA_PEERS_ROOT", ROOT))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stand_in_command(port: int) -> list[str]:
    return [sys.executable, str(Path(__file__).with_name("stand_in.py")), str(port)]


def real_command(port: int, directory: Path) -> list[str]:
    """vLLM on the CPU with the tiny checkpoint; skips the test if one is missing."""
    python, maker = PEERS / ".venv-peers/bin/python", PEERS / "scripts/make_tiny_svara.py"
    if not python.exists() or not maker.exists():
        pytest.skip(f"no vLLM at {PEERS}/.venv-peers (scripts/setup_test_peers.sh makes it)")
    model = directory / "tiny"
    subprocess.run([python, maker, model], check=True, capture_output=True)
    return [
        *(str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)),
        *("--served-model-name", "svara", "--host", "127.0.0.1", "--port", str(port), "--max-model-len", "4096"),
        *("--enforce-eager", "--dtype", "float32", "--generation-config", "vllm"),
    ]


REAL_ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}

STREAM = json.dumps(
    {
        "model": "svara",
        "prompt": [128000, 128259, 156939, 634, 557, 128260, 128009, 128261, 128257],
        "stream": True,
        "max_tokens": 4000,
        "logit_bias": {"128258": -100},
    }
)
