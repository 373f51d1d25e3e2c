"""The requests of the tests: POST /v1/text-to-speech to our server, and the same generation from vLLM directly."""

from __future__ import annotations

from typing import Any

import httpx

from reference import prompt_ids
from server_peer import Server
from vllm_peer import Vllm

VOICE = "hi_female"

# Greedy, so that both ways give the same tokens. top_p below 1 makes vLLM sort 156,940 logits a token on the CPU.
# max_tokens makes it a single generation, however long the text.
GREEDY = {"temperature": 0.0, "top_p": 1.0, "repetition_penalty": 1.0, "max_tokens": 2048}

# No normalization, so that the references don't need to know the words of numbers.
AS_TYPED = {"voice": VOICE, "response_format": "pcm", "text_normalization": "off"}


def body(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text} | AS_TYPED | GREEDY | fields


def speak(server: Server, text: str, **fields: Any) -> bytes:
    """The whole streamed PCM."""
    response = httpx.post(f"{server.root}/v1/text-to-speech", json=body(text, **fields), timeout=120)
    assert response.status_code == 200, response.text
    return response.content


def engine_tokens(vllm: Vllm, text: str, voice: str = VOICE, **sampling: Any) -> list[int]:
    """The tokens that vLLM generates for the same request, with the prompt of the Python stack."""
    return vllm.generate(prompt_ids(text, voice), **(GREEDY | sampling))
