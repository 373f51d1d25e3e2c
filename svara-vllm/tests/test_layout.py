"""What requests may ask for, and how they are refused."""

from __future__ import annotations

import pytest

from svara_vllm.layout import CODEBOOK_SIZE, FIRST_AUDIO_TOKEN, MIN_FRAMES, Frames, frames_of

ASKED = {FIRST_AUDIO_TOKEN: 128266, CODEBOOK_SIZE: 4096}
END = 128258


@pytest.mark.parametrize("extra_args", [None, {}, {"session_id": "x"}, {"kv_transfer_params": {"a": 1}}])
def test_requests_that_do_not_ask_are_let_alone(extra_args: dict | None) -> None:
    assert frames_of(extra_args, [END]) is None
    assert frames_of(extra_args, None) is None


def test_a_request_names_its_layout() -> None:
    assert frames_of(ASKED, [END]) == Frames(128266, 4096, (END,), 0)
    asked = ASKED | {MIN_FRAMES: 3.0, "session_id": "x"}
    assert frames_of(asked, [END, 128009]) == Frames(128266, 4096, (END, 128009), 3)
    assert frames_of(ASKED, [END]).largest_id == 128266 + 7 * 4096 - 1


@pytest.mark.parametrize(
    ("changed", "ends", "named"),
    [
        ({FIRST_AUDIO_TOKEN: None}, [END], FIRST_AUDIO_TOKEN),
        ({FIRST_AUDIO_TOKEN: -1}, [END], FIRST_AUDIO_TOKEN),
        ({FIRST_AUDIO_TOKEN: 2**31 - 1}, [END], FIRST_AUDIO_TOKEN),
        ({FIRST_AUDIO_TOKEN: "128266"}, [END], FIRST_AUDIO_TOKEN),
        ({FIRST_AUDIO_TOKEN: True}, [END], FIRST_AUDIO_TOKEN),
        ({CODEBOOK_SIZE: 0}, [END], CODEBOOK_SIZE),
        ({CODEBOOK_SIZE: 10**9}, [END], CODEBOOK_SIZE),
        ({CODEBOOK_SIZE: 4096.5}, [END], CODEBOOK_SIZE),
        ({CODEBOOK_SIZE: [4096]}, [END], CODEBOOK_SIZE),
        ({MIN_FRAMES: -1}, [END], MIN_FRAMES),
        ({"snac_minimum": 1}, [END], "snac_minimum"),
        ({}, [], "stop_token_ids"),
        ({}, list(range(9)), "stop_token_ids"),
        ({}, [128266], "stop_token_ids"),
        ({}, [-5], "stop_token_ids"),
    ],
)
def test_nonsense_is_refused_by_name(changed: dict, ends: list[int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        frames_of(ASKED | changed, ends)
