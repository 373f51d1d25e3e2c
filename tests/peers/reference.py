"""What the peers say is right: decoding by ONNX Runtime in one go, prompts by transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

PROJECT = Path(__file__).resolve().parents[2]
MODELS = PROJECT / "target/test-models"


def onnx_session(model: Path | bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
