"""The mask against a plain reference, for batches of all kinds."""

from __future__ import annotations

import random

import torch

from svara_vllm.layout import SLOTS, Frames
from svara_vllm.permit import permit, row_of

VOCABULARY = 400


def may_come(frames: Frames, generated: int) -> set[int]:
    """Which tokens may come, as a person would say it."""
    slot = generated % SLOTS
    first = frames.first_audio_token + slot * frames.codebook_size
    ids = set(range(first, first + frames.codebook_size))
    return ids | set(frames.ends) if slot == 0 and generated // SLOTS >= frames.min_frames else ids


def test_each_row_keeps_what_may_come_and_nothing_else() -> None:
    draw = random.Random(1)
    for _ in range(200):
        rows, batch = draw.randint(1, 9), []
        for _ in range(rows):
            size = draw.randint(1, 40)
            ends = tuple(draw.sample(range(20), draw.randint(1, 8)))
            frames = Frames(draw.randint(20, 100), size, ends, draw.randint(0, 3))
            batch.append((frames if draw.random() < 0.7 else None, draw.randint(0, 40)))
        logits = torch.randn(rows, VOCABULARY)
        before = logits.clone()
        table = torch.tensor([row_of(frames) for frames, _ in batch])
        codes = torch.arange(max((frames.codebook_size for frames, _ in batch if frames), default=0))
        masked = permit(logits, table, torch.tensor([generated for _, generated in batch]), codes)
        assert masked is logits
        for row, (frames, generated) in enumerate(batch):
            allowed = set(range(VOCABULARY)) if frames is None else may_come(frames, generated)
            kept = torch.isfinite(masked[row]).nonzero().flatten().tolist()
            assert set(kept) == allowed
            assert torch.equal(masked[row, kept], before[row, kept])
