"""Requests as the tests send them: POST /v1/text-to-speech of our server, and the same generation from vLLM itself."""

from __future__ import annotations

from typing import Any

import httpx

from reference import prompt_ids
from server_peer import Server
from vllm_peer import Vllm

VOICE = "hi_female"

# Greedy, so that both ways give the same tokens. top_p below 1 makes vLLM sort 156,940 logits a token on the CPU.
# max_tokens makes it one generation, however long the text.
GREEDY = {"temperature": 0.0, "top_p": 1.0, "repetition_penalty": 1.0, "max_tokens": 2048}

# The text as it stands, so that the references needn't know how numbers are said.
AS_TYPED = {"voice": VOICE, "response_format": "pcm", "text_normalization": "off"}


def body(text: str, **fields: Any) -> dict[str, Any]:
    return {"text": text} | AS_TYPED | GREEDY | fields


def speak(server: Server, text: str, **fields: Any) -> bytes:
    """The whole streamed PCM."""
    response = httpx.post(f"{server.root}/v1/text-to-speech", json=body(text, **fields), timeout=120)
    assert response.status_code == 200, response.text
    return response.content


def engine_tokens(vllm: Vllm, text: str, voice: str = VOICE, **sampling: Any) -> list[int]:
    """What vLLM generates for the same request, with the prompt that the Python stack would send."""
    return vllm.generate(prompt_ids(text, voice), **(GREEDY | sampling))
