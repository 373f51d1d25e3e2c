"""The logits processor as vLLM's two model runners use it, with vLLM's own classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from vllm import SamplingParams
from vllm.exceptions import VLLMValidationError
from vllm.v1.sample.logits_processor import BatchUpdate, MoveDirectionality, _load_logitsprocs_by_fqcns
from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext
from vllm.v1.worker.gpu.sample.logits_processor.loader import build_custom_logits_processors_params_validator

from svara_vllm import FrameMask

NAME = "svara_vllm:FrameMask"
VOCABULARY, FIRST, CODES, END = 100, 20, 10, 5
ASKING = SamplingParams(stop_token_ids=[END], extra_args={"snac_first_audio_token": FIRST, "snac_codebook_size": CODES})
OTHER = SamplingParams(stop_token_ids=[END])
CONFIG = SimpleNamespace(
    model_config=SimpleNamespace(get_vocab_size=lambda: VOCABULARY), scheduler_config=SimpleNamespace(max_num_seqs=4)
)


def kept(row: torch.Tensor) -> list[int]:
    return torch.isfinite(row).nonzero().flatten().tolist()


def slot(number: int) -> list[int]:
    first = FIRST + number * CODES
    return ([END] if number == 0 else []) + list(range(first, first + CODES))


def update(size: int, **changes: Any) -> BatchUpdate:
    return BatchUpdate(batch_size=size, **({"removed": [], "added": [], "moved": []} | changes))


def test_both_runners_load_it_by_name() -> None:
    assert _load_logitsprocs_by_fqcns([NAME]) == [FrameMask]
    validate = build_custom_logits_processors_params_validator([NAME])
    validate(ASKING)
    validate(OTHER)
    bad = SamplingParams(stop_token_ids=[END], extra_args={"snac_first_audio_token": FIRST})
    with pytest.raises(VLLMValidationError, match=r"vllm_xargs\.snac_codebook_size"):
        validate(bad)


def test_v1_follows_the_batch() -> None:
    mask = FrameMask(CONFIG, torch.device("cpu"), False)
    assert not mask.is_argmax_invariant()
    mask.update_state(None)
    untouched = torch.zeros(2, VOCABULARY)
    assert torch.equal(mask.apply(untouched.clone()), untouched)

    first, second, placeholders = [], [FIRST] * 3, [-1] * 7
    added = [(0, ASKING, None, first), (1, OTHER, None, []), (2, ASKING, None, second), (3, ASKING, None, placeholders)]
    mask.update_state(update(4, added=added))
    rows = mask.apply(torch.zeros(4, VOCABULARY))
    assert [kept(row) for row in rows] == [slot(0), list(range(VOCABULARY)), slot(3), slot(0)]

    # No change of the batch: vLLM appends to the lists that it shared.
    first.append(FIRST)
    mask.update_state(None)
    assert kept(mask.apply(torch.zeros(4, VOCABULARY))[0]) == slot(1)

    mask.update_state(update(3, removed=[0], moved=[(3, 0, MoveDirectionality.UNIDIRECTIONAL)]))
    rows = mask.apply(torch.zeros(3, VOCABULARY))
    assert [kept(row) for row in rows] == [slot(0), list(range(VOCABULARY)), slot(3)]
    mask.update_state(update(3, moved=[(0, 2, MoveDirectionality.SWAP)]))
    assert kept(mask.apply(torch.zeros(3, VOCABULARY))[0]) == slot(3)
    mask.update_state(update(1, removed=[0, 2]))
    assert mask.apply(untouched) is untouched


def context(slots: list[int], positions: list[int]) -> LogitsContext:
    """As the V2 runner makes it, where no token is drafted."""
    mapping = torch.tensor(slots, dtype=torch.int32)
    return LogitsContext(
        expanded_idx_mapping=mapping,
        idx_mapping=mapping,
        idx_mapping_np=np.array(slots, np.int32),
        expanded_local_pos=torch.zeros(len(slots), dtype=torch.int32),
        input_ids=torch.zeros(len(slots), dtype=torch.int32),
        pos=torch.tensor(positions, dtype=torch.int64),
        seq_lens_upper_bound_np=np.array(positions, np.int32) + 1,
    )


def test_v2_knows_lengths_by_position() -> None:
    prompt_len = SimpleNamespace(gpu=torch.tensor([4, 0, 9, 0], dtype=torch.int32))
    mask = FrameMask(CONFIG, SimpleNamespace(device=torch.device("cpu"), max_num_reqs=4, prompt_len=prompt_len))
    assert mask.add_request(0, ASKING) and not mask.add_request(1, OTHER) and mask.add_request(2, ASKING)
    mask.apply_staged_writes()
    # Rows in another order than slots; `pos` is that of the last token of the prompt, or of what was generated.
    rows = mask.apply(torch.zeros(3, VOCABULARY), context([2, 1, 0], [8 + 5, 50, 3]))
    assert [kept(row) for row in rows] == [slot(5), list(range(VOCABULARY)), slot(0)]

    # A slot is used again by a request that doesn't ask.
    assert not mask.add_request(0, OTHER)
    mask.apply_staged_writes()
    logits = torch.zeros(2, VOCABULARY)
    assert mask.apply(logits, context([1, 0], [50, 3])) is logits
    assert torch.isfinite(logits).all()


def test_a_layout_beyond_the_vocabulary_harms_nobody() -> None:
    mask = FrameMask(CONFIG, torch.device("cpu"), False)
    beyond = SamplingParams(stop_token_ids=[END], extra_args={"snac_first_audio_token": 90, "snac_codebook_size": 4096})
    mask.update_state(update(2, added=[(0, beyond, None, []), (1, ASKING, None, [])]))
    rows = mask.apply(torch.zeros(2, VOCABULARY))
    assert [kept(row) for row in rows] == [list(range(VOCABULARY)), slot(0)]


@pytest.mark.parametrize("ends", [list(range(9)), [END, FIRST], []])
def test_ends_that_vllm_adds_harm_nobody(ends: list[int], caplog: pytest.LogCaptureFixture) -> None:
    """vLLM adds the model's own ends to a request's after the check at admission."""
    asking = SamplingParams(stop_token_ids=ends, extra_args=ASKING.extra_args)
    mask = FrameMask(CONFIG, torch.device("cpu"), False)
    mask.update_state(update(2, added=[(0, asking, None, []), (1, ASKING, None, [])]))
    rows = mask.apply(torch.zeros(2, VOCABULARY))
    assert [kept(row) for row in rows] == [list(range(VOCABULARY)), slot(0)]
    states = SimpleNamespace(device=torch.device("cpu"), max_num_reqs=4, prompt_len=None)
    mask = FrameMask(CONFIG, states)
    assert not any(mask.add_request(0, asking) for _ in range(3))
    assert sum("not masked" in record.message for record in caplog.records) == 2, "once for each mask"


def test_the_log_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    mask = FrameMask(CONFIG, torch.device("cpu"), False)
    for size in range(1000, 1100):
        asked = {"snac_first_audio_token": FIRST, "snac_codebook_size": size}
        assert mask.frames_for(SamplingParams(stop_token_ids=[END], extra_args=asked)) is None
    assert len(caplog.records) == 32
