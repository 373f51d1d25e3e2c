"""Peer: a real vLLM with our logits processor. Frames are whole by construction, and nothing else changes."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from reference import CODES, END_OF_SPEECH, END_OF_TURN, FIRST_AUDIO, SLOTS, prompt_ids
from speech import VOICE
from vllm_peer import MODEL, Vllm

ASKED = {"snac_first_audio_token": FIRST_AUDIO, "snac_codebook_size": CODES}
TEXTS = [f"hello world {chr(ord('a') + i)} how are you today" for i in range(12)]


def slot_of(token: int) -> int | None:
    slot = (token - FIRST_AUDIO) // CODES
    return slot if token >= FIRST_AUDIO and slot < SLOTS else None


def lost_tokens(tokens: list[int]) -> int:
    """Tokens that aren't in a whole frame."""
    whole, at = 0, 0
    while at < len(tokens):
        is_frame = [slot_of(token) for token in tokens[at : at + SLOTS]] == list(range(SLOTS))
        whole += is_frame
        at += SLOTS if is_frame else 1
    return len(tokens) - SLOTS * whole


def errs(end: float = 18) -> dict[str, Any]:
    """Makes the tiny checkpoint, which never errs, err in about one of twenty tokens.

    128009 is the model's own end, and comes anywhere; END_OF_SPEECH has a higher logit where it may come.
    """
    # They win in slot 3, where they belong, and come now and then in the others.
    draw = random.Random(1)
    wrong = [FIRST_AUDIO + 3 * CODES + draw.randrange(CODES) for _ in range(40)] + [5, END_OF_TURN]
    bias = {str(token): 27.5 for token in wrong} | {str(END_OF_SPEECH): end}
    return {"logit_bias": bias, "temperature": 1.0, "top_k": 1000}


def all_of(vllm: Vllm, **fields: Any) -> list[list[int]]:
    """The answers to all texts, asked at once; each keeps its place in the batch only by chance."""
    with ThreadPoolExecutor(len(TEXTS)) as pool:
        prompts = [prompt_ids(text, VOICE) for text in TEXTS]
        return list(pool.map(lambda prompt: vllm.generate(prompt, **({"max_tokens": 20 * SLOTS} | fields)), prompts))


def test_a_model_that_errs_loses_no_frame(vllm: Vllm) -> None:
    without = all_of(vllm, **errs())
    assert sum(lost_tokens(tokens) for tokens in without) > 20, "it should err"
    masked = all_of(vllm, vllm_xargs=ASKED, **errs())
    assert [lost_tokens(tokens) for tokens in masked] == [0] * len(TEXTS)
    assert any(len(tokens) < 20 * SLOTS for tokens in masked), "it may end between frames"


def test_the_least_number_of_frames_is_made(vllm: Vllm) -> None:
    asked = ASKED | {"snac_min_frames": 15}
    assert min(len(tokens) for tokens in all_of(vllm, vllm_xargs=ASKED, **errs(end=28))) < 15 * SLOTS
    masked = all_of(vllm, vllm_xargs=asked, **errs(end=28))
    assert min(len(tokens) for tokens in masked) >= 15 * SLOTS


@pytest.mark.parametrize("sampling", [{"temperature": 0.0}, {"temperature": 0.9, "top_k": 40, "seed": 7}])
def test_a_model_that_does_not_err_says_the_same(vllm: Vllm, sampling: dict[str, Any]) -> None:
    assert all_of(vllm, vllm_xargs=ASKED, **sampling) == all_of(vllm, **sampling)


def test_other_users_of_the_same_vllm_are_let_alone(vllm: Vllm) -> None:
    """Requests that don't ask, among ones that do, in the same batch."""
    prompt = prompt_ids(TEXTS[0], VOICE)
    sampling = {"temperature": 0.0, "max_tokens": 30, "logit_bias": {"300": 100}}
    alone = vllm.generate(prompt, **sampling)
    assert alone == [300] * 30
    with ThreadPoolExecutor(2) as pool:
        masked = pool.submit(all_of, vllm, vllm_xargs=ASKED, **errs())
        others = [vllm.generate(prompt, **sampling) for _ in range(4)]
        assert others == [alone] * 4
        assert [lost_tokens(tokens) for tokens in masked.result()] == [0] * len(TEXTS)


def test_nonsense_is_refused(vllm: Vllm) -> None:
    body = {"model": MODEL, "prompt": [1], "stop_token_ids": [END_OF_SPEECH]}
    body |= {"vllm_xargs": ASKED | {"snac_min_frames": "x"}}
    response = httpx.post(f"{vllm.base_url}/completions", json=body, timeout=60)
    assert response.status_code == 400
    assert "vllm_xargs.snac_min_frames" in response.json()["error"]["message"]
