"""vLLM's logits processor. vLLM has two model runners with an interface each; this class has both.

The V1 runner (CPUs, and GPUs without Triton) tells what changed in the batch and shares each request's list of tokens.
The V2 runner (the default on GPUs) has slots for requests, and their lengths on the device.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from vllm.utils.torch_utils import async_tensor_h2d
from vllm.v1.sample.logits_processor import LogitsProcessor as V1LogitsProcessor
from vllm.v1.sample.logits_processor.builtin import process_dict_updates
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as V2LogitsProcessor

from svara_vllm.layout import Frames, frames_of
from svara_vllm.permit import COLUMNS, permit, row_of

if TYPE_CHECKING:
    from vllm.config import VllmConfig
    from vllm.sampling_params import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcRequestState

logger = logging.getLogger("vllm.svara_vllm")

# The most different lines about requests that can't be masked. What clients send decides them.
MOST_LINES = 32


class FrameMask(V1LogitsProcessor, V2LogitsProcessor):
    """Permits, for requests that ask, only the tokens of the slot that is next, and the end only between frames."""

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuses, with status 400, a request that asks for what can't be."""
        frames_of(sampling_params.extra_args, sampling_params.stop_token_ids)

    def __init__(
        self,
        vllm_config: VllmConfig,
        device_or_states: torch.device | LogitsProcRequestState,
        is_pin_memory: bool = False,
    ) -> None:
        self.vocabulary = vllm_config.model_config.get_vocab_size()
        self.codes = torch.arange(0)
        most = vllm_config.scheduler_config.max_num_seqs
        if isinstance(device_or_states, (str, torch.device)):
            self.device, self.states = torch.device(device_or_states), None
        else:
            self.device, self.states = torch.device(device_or_states.device), device_or_states
            most = device_or_states.max_num_reqs
        # The host's copy, by row of the batch (V1) or by slot (V2), and the device's.
        self.host = np.zeros((most, COLUMNS), np.int64)
        self.table = torch.zeros((most, COLUMNS), dtype=torch.int64, device=self.device)
        # V1: the frames and generated tokens of masked requests, by row.
        self.asking: dict[int, tuple[Frames, list[int]]] = {}
        # V2: whether slots of the host's copy have changed.
        self.changed = False
        # What the log has told already: the requests of one client are alike.
        self.told: set[str] = set()

    def is_argmax_invariant(self) -> bool:
        return False

    def frames_for(self, params: SamplingParams) -> Frames | None:
        # Here an exception would end the engine for everyone. The check at admission knows neither the vocabulary nor the
        # ends that vLLM adds to a request's own from the model's generation config.
        try:
            frames = frames_of(params.extra_args, params.stop_token_ids)
        except ValueError as error:
            self.tell(f"{error}, those of the model's generation config included")
            return None
        if frames is not None and frames.largest_id >= self.vocabulary:
            self.tell(f"the vocabulary has {self.vocabulary} ids, not those of {frames}")
            return None
        if frames is not None and frames.codebook_size > len(self.codes):
            self.codes = torch.arange(frames.codebook_size, device=self.device)
        return frames

    def tell(self, reason: str) -> None:
        """Logs once why requests aren't masked."""
        if reason not in self.told and len(self.told) < MOST_LINES:
            self.told.add(reason)
            logger.error("not masked: %s", reason)

    # The V1 runner.

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        def new(params: SamplingParams, _prompt: Any, tokens: list[int]) -> tuple[Frames, list[int]] | None:
            frames = self.frames_for(params)
            return None if frames is None else (frames, tokens)

        if process_dict_updates(self.asking, batch_update, new):
            self.host[:] = 0
            for row, (frames, _) in self.asking.items():
                self.host[row] = row_of(frames)
            self.table = async_tensor_h2d(self.host, device=self.device)

    # The V2 runner.

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        frames = self.frames_for(sampling_params)
        row = row_of(frames)
        if frames is not None or self.host[req_idx].any():
            self.host[req_idx] = row
            self.changed = True
        return frames is not None

    def apply_staged_writes(self) -> None:
        if self.changed:
            self.table = async_tensor_h2d(self.host, device=self.device)
            self.changed = False

    # Both.

    def apply(self, logits: torch.Tensor, ctx: LogitsContext | None = None) -> torch.Tensor:
        if ctx is None:
            return self.apply_v1(logits)
        if not self.host[ctx.idx_mapping_np].any():
            return logits
        slots = ctx.expanded_idx_mapping.long()
        # `pos` is the position of the token before the one to be sampled.
        lengths = ctx.pos + 1 - self.states.prompt_len.gpu[slots]
        return permit(logits, self.table[slots], lengths.long(), self.codes)

    def apply_v1(self, logits: torch.Tensor) -> torch.Tensor:
        if not self.asking:
            return logits
        rows = logits.shape[0]
        # Tokens that the device hasn't reported yet are in the list as placeholders, so its length is right.
        lengths = np.zeros(rows, np.int64)
        for row, (_, tokens) in self.asking.items():
            lengths[row] = len(tokens)
        return permit(logits, self.table[:rows], async_tensor_h2d(lengths, device=self.device), self.codes)
