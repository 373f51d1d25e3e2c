"""The mask itself, for a whole batch: a few tensor operations, whatever the number of requests."""

from __future__ import annotations

import torch

from svara_vllm.layout import MOST_ENDS, SLOTS, Frames

# The columns of a table of requests, one row each, as int64. Unused ends repeat the first one.
FIRST, SIZE, MIN_TOKENS, ENDS = 0, 1, 2, 3
COLUMNS = ENDS + MOST_ENDS
# SIZE of a row that isn't masked.
UNMASKED = 0


def row_of(frames: Frames | None) -> list[int]:
    """A request's row in the table."""
    if frames is None:
        return [0] * COLUMNS
    ends = list(frames.ends) + [frames.ends[0]] * (MOST_ENDS - len(frames.ends))
    return [frames.first_audio_token, frames.codebook_size, SLOTS * frames.min_frames, *ends]


def permit(logits: torch.Tensor, table: torch.Tensor, lengths: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Leaves each masked row of `logits` [rows, vocabulary] only what may come next, in place.

    `table` is [rows, COLUMNS], `lengths` [rows] counts the tokens generated so far, and `codes` is
    arange(the largest codebook). All are on the device, which nothing here waits for.

    What may come is gathered, the rest filled with -inf, and the former written back. A row that isn't masked gathers
    and writes back its first logit.
    """
    size = table[:, SIZE : SIZE + 1]
    masked = size != UNMASKED
    slot = lengths % SLOTS
    first = table[:, FIRST : FIRST + 1] + slot[:, None] * size
    # Shorter codebooks repeat their last code.
    window = first + torch.minimum(codes, (size - 1).clamp_(min=0))
    may_end = (slot == 0) & (lengths >= table[:, MIN_TOKENS])
    # An end that may not come repeats the first code.
    ends = torch.where(may_end[:, None], table[:, ENDS:], first)
    ids = torch.cat((window, ends), dim=1)
    kept = logits.gather(1, ids)
    logits.masked_fill_(masked, float("-inf"))
    return logits.scatter_(1, ids, kept)
