"""What a request asks for, checked. Pure: neither torch nor vLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "snac_"
FIRST_AUDIO_TOKEN = "snac_first_audio_token"
CODEBOOK_SIZE = "snac_codebook_size"
MIN_FRAMES = "snac_min_frames"
KNOWN = (FIRST_AUDIO_TOKEN, CODEBOOK_SIZE, MIN_FRAMES)

SLOTS = 7
# Bounds of what a request may make the engine hold and compute.
MOST_CODES = 65536
MOST_ENDS = 8
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class Frames:
    """The tokens of a frame: slot s is one of `codebook_size` ids from `first_audio_token + s * codebook_size`."""

    first_audio_token: int
    codebook_size: int
    # The tokens that end the speech, which may stand only where a frame would begin.
    ends: tuple[int, ...]
    # No end before that many frames.
    min_frames: int = 0

    @property
    def largest_id(self) -> int:
        return max(self.first_audio_token + SLOTS * self.codebook_size - 1, *self.ends)


def frames_of(extra_args: Mapping[str, Any] | None, ends: Sequence[int] | None) -> Frames | None:
    """The frames that a request's `vllm_xargs` ask for, with its `stop_token_ids`. None: it doesn't ask.

    Raises a ValueError that names the field.
    """
    asked = {name: value for name, value in (extra_args or {}).items() if name.startswith(PREFIX)}
    if not asked:
        return None
    for name in asked:
        if name not in KNOWN:
            raise ValueError(f"vllm_xargs.{name} is unknown; there are {', '.join(KNOWN)}")
    first = number(asked, FIRST_AUDIO_TOKEN, 0, LARGEST_ID)
    size = number(asked, CODEBOOK_SIZE, 1, MOST_CODES)
    min_frames = number(asked, MIN_FRAMES, 0, LARGEST_ID, default=0)
    ends = tuple(ends or ())
    if not 1 <= len(ends) <= MOST_ENDS:
        raise ValueError(f"stop_token_ids must have 1 to {MOST_ENDS} ids: they end the speech")
    audio = range(first, first + SLOTS * size)
    if audio[-1] > LARGEST_ID:
        raise ValueError(f"vllm_xargs.{FIRST_AUDIO_TOKEN} is too large for {SLOTS} times {size} ids from {first}")
    for end in ends:
        if end < 0 or end in audio:
            raise ValueError(f"stop_token_ids: {end} can't end the speech; audio tokens are {audio[0]} to {audio[-1]}")
    return Frames(first, size, ends, min_frames)


def number(asked: Mapping[str, Any], name: str, least: int, most: int, default: int | None = None) -> int:
    value = asked.get(name, default)
    # A bool is an int, and JSON clients write 4096.0 for 4096.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"vllm_xargs.{name} must be a whole number from {least} to {most}, not {value!r}")
    return value
