"""Runs inside vLLM: whole frames by construction.

    python3 -m vllm.entrypoints.openai.api_server … --logits-processors svara_vllm:FrameMask

A request asks for it with `vllm_xargs` (see `layout.py`); requests that don't are left as they are.
"""

from svara_vllm.mask import FrameMask

__all__ = ["FrameMask"]
