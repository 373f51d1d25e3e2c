"""Peer: a real vLLM. The same seed gives the same bytes, across the pieces of a text and the decoder's noise."""

from __future__ import annotations

from pathlib import Path

from conftest import StartServer
from quick import profile_with
from server_peer import changed, settings_for_vllm
from speech import speak
from vllm_peer import Vllm

TEXT = "This is sentence one of two. And this is the other."
# A piece for each sentence of so short a text, since vLLM draws among 40 tokens slowly on a CPU.
PIECES = {"piece_characters = 240": "piece_characters = 30"}
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 40, "repetition_penalty": 1.1, "max_tokens": None}


def test_a_seed_makes_a_speech_repeatable_to_the_byte(start_server: StartServer, vllm: Vllm, tmp_path: Path) -> None:
    settings = settings_for_vllm(vllm.base_url)
    server = start_server(
        changed(settings, decoder={"noise": True}, model={"profile": profile_with(PIECES, tmp_path)})
    )
    requests = vllm.idle()["vllm:request_success_total"]
    first = speak(server, TEXT, seed=7, **SAMPLING)
    # More than one: the text is said in pieces.
    vllm.metric_once("vllm:request_success_total", lambda now: now - requests >= 2)
    assert speak(server, TEXT, seed=7, **SAMPLING) == first
    assert speak(server, TEXT, seed=7, stream=False, **SAMPLING) == first
    assert speak(server, TEXT, seed=8, **SAMPLING) != first
    assert speak(server, TEXT, **SAMPLING) != speak(server, TEXT, **SAMPLING), "without a seed, each is another"
