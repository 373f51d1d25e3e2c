"""Peer: a real vLLM. The same seed gives the same bytes, across the pieces of a text and the decoder's noise."""

from __future__ import annotations

from conftest import StartServer
from server_peer import settings_for_vllm
from speech import speak
from vllm_peer import Vllm

# Two pieces of at most 240 characters.
TEXT = " ".join(f"This is sentence {name} of a text that is said in pieces, each with its tokens." for name in "abcd")
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 40, "repetition_penalty": 1.1, "max_tokens": None}


def test_a_seed_makes_a_speech_repeatable_to_the_byte(start_server: StartServer, vllm: Vllm) -> None:
    settings = settings_for_vllm(vllm.base_url)
    settings["decoder"]["noise"] = True
    server = start_server(settings)
    requests = vllm.idle()["vllm:request_success_total"]
    first = speak(server, TEXT, seed=7, **SAMPLING)
    # More than one: the text is said in pieces.
    vllm.metric_once("vllm:request_success_total", lambda now: now - requests >= 2)
    assert speak(server, TEXT, seed=7, **SAMPLING) == first
    assert speak(server, TEXT, seed=7, stream=False, **SAMPLING) == first
    assert speak(server, TEXT, seed=8, **SAMPLING) != first
    assert speak(server, TEXT, **SAMPLING) != speak(server, TEXT, **SAMPLING), "without a seed, each is another"
