#!/usr/bin/env python3
"""Creates a tiny svara-shaped Llama checkpoint that a real vLLM serves on a CPU. No training, no torch, only numpy.

    make_tiny_svara.py OUT [--dtype float32|bfloat16] [--special] [--audio-per-text 7] [--seed 0]
                           [--wrong-slots 0] [--early-ends 0]

Writes config.json, generation_config.json, model.safetensors, tokenizer.json and tokenizer_config.json to OUT, and
tokenizer_small.json, for tests that start a server often.

The vocabulary has the ids of svara-tts and Orpheus:
    0..127999         the byte alphabet, a few hundred learned merges, then unreachable fillers
    128000..128255    Llama 3's special tokens
    128256..156938    <custom_token_0> .. <custom_token_28682>
    156939            <|audio|>
--special marks the custom tokens special; by default they are ordinary added tokens, as from `tokenizer.add_tokens`.

The weights are a hand-made automaton in the exact Llama architecture, which obeys the audio grammar. After
START_OF_SPEECH or a slot-6 token comes a slot-0 token, after slot s comes slot s + 1 (id = 128266 + 4096 slot + code).
Random embeddings and the mean of the context determine the distribution over the 4096 codes, so texts differ, and
temperature, top_p and seed work as on a real model. END_OF_SPEECH wins by a wide margin after the first slot-6 token
at which (audio tokens so far) > AUDIO_PER_TEXT * (text tokens so far): with the default 7, n text tokens (ids < 128000)
give n + 1 frames. That is exact in float32 and about 1 % off in bfloat16. END_OF_SPEECH itself is followed by slot 0,
so logit_bias {"128258": -100} gives one endless valid stream.

--wrong-slots and --early-ends make a model that errs: about that part of its tokens, sampled with temperature 1 from
all, are of a slot that isn't next, or end the speech, wherever that is in a frame.
"""

from __future__ import annotations

import argparse
import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

VOCABULARY, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INTERMEDIATE, LAYERS = 156940, 64, 4, 2, 32, 64, 2
TEXT_TOKENS = 128000
FIRST_AUDIO, CODES, SLOTS = 128266, 4096, 7
BOS, EOT, FIRST_CUSTOM, CUSTOM_TOKENS, AUDIO_TAG = 128000, 128009, 128256, 28683, 156939
START_OF_SPEECH, END_OF_SPEECH = 128257, 128258

# The meaning of each of the 64 hidden dimensions. Layer 0 does everything; layer 1 adds zero.
CONST = 0  # 1
SLOT = 1  # 1..7: one-hot of this token's slot
START = 8  # this token is followed by slot 0 without being audio
NEXT = 9  # 9..15: one-hot of the slot a token belongs to, as the tied output head reads it
END = 16  # only END_OF_SPEECH
BALANCE = 17  # +1/8 for audio, -AUDIO_PER_TEXT/8 for text, 0 for control tokens
MEAN = 18  # mean of BALANCE over the context, written by attention (q = k = 0 makes attention uniform)
FILL = 19  # makes every embedding's norm exactly sqrt(64), so that RMSNorm changes nothing
RANDOM = 20  # 20..63: random directions

LINEAR = 20.0  # silu(20) = 20: with a constant gate of 20, an MLP unit is linear in its `up` side
END_GAIN = 20000.0  # how steeply the mean of BALANCE turns into END

CORPUS = (
    "the quick brown fox jumps over the lazy dog . hello world this is a test of the speech server "
    "please say this sentence in a warm and friendly voice and then stop . good morning how are you today "
    "नमस्ते दुनिया यह एक परीक्षण है आप कैसे हैं मैं ठीक हूँ धन्यवाद भारत हिन्दी भाषा में बोलो "
    "வணக்கம் உலகம் இது ஒரு சோதனை తెలుగు కన్నడ বাংলা ગુજરાતી ਪੰਜਾਬੀ മലയാളം मराठी Speaker Male Female Hindi Tamil"
)
MERGES = 400

# Llama 3's split of text into words.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


# Estimates for the middle of a speech: what the last RMSNorm divides by, and how far the logarithm of a slot's summed
# exponentials is above its typical logit, which is 8 times NEXT of the token times NEXT of the hidden state.
FINAL_RMS, SLOT_SPREAD = 1.3, 8.9


@dataclass(frozen=True)
class Errors:
    """How often a model errs, as parts of its tokens."""

    wrong_slots: float = 0.0
    early_ends: float = 0.0

    def wrong_next(self) -> float:
        """NEXT of the slots that aren't next; that of the one that is next is 2, and a token's own never comes."""
        if self.wrong_slots == 0:
            return 0.0
        behind = np.log((SLOTS - 2) * (1 - self.wrong_slots) / self.wrong_slots)
        return float(2.0 - behind * FINAL_RMS / 16.0)

    def end(self) -> float:
        """END after any token; the output head reads it times 6 (3 x 2)."""
        if self.early_ends == 0:
            return 0.0
        logit = 16.0 * 2.0 / FINAL_RMS + SLOT_SPREAD + np.log(self.early_ends)
        return float(logit * FINAL_RMS / 6.0)


def weights(audio_per_text: float, seed: int, errors: Errors) -> dict[str, np.ndarray]:
    """Parameters by their name in a Llama checkpoint."""
    table = embeddings(audio_per_text, seed)
    if errors.early_ends:
        # Otherwise END_OF_SPEECH would come with the slot 0, too.
        table[END_OF_SPEECH, NEXT] = 0.0
        table[END_OF_SPEECH, FILL] = np.sqrt(HIDDEN - np.square(np.delete(table[END_OF_SPEECH], FILL)).sum())
    tensors = {"model.embed_tokens.weight": table}
    norm = np.zeros(HIDDEN, np.float32)
    norm[NEXT : NEXT + SLOTS] = 8.0  # tokens of the next slot get logits near 25, all others near 0 or below
    norm[END] = 3.0
    norm[RANDOM:] = 0.8  # spreads the 4096 codes of a slot by a few logits
    tensors["model.norm.weight"] = norm
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        for part in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{name}.{part}.weight"] = np.ones(HIDDEN, np.float32)
        parts = attention(active=layer == 0) | mlp(layer == 0, errors)
        tensors |= {f"{name}.{part}.weight": tensor for part, tensor in parts.items()}
    return tensors


def embeddings(audio_per_text: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = np.zeros((VOCABULARY, HIDDEN), np.float32)
    table[:, CONST] = 1.0
    table[:, RANDOM:] = rng.standard_normal((VOCABULARY, HIDDEN - RANDOM)).astype(np.float32) * 0.5
    table[:TEXT_TOKENS, BALANCE] = -audio_per_text / 8.0
    for slot in range(SLOTS):
        rows = slice(FIRST_AUDIO + slot * CODES, FIRST_AUDIO + (slot + 1) * CODES)
        table[rows, SLOT + slot] = 2.0
        table[rows, NEXT + slot] = 2.0
        table[rows, BALANCE] = 1.0 / 8.0
    table[START_OF_SPEECH, START] = 2.0
    table[END_OF_SPEECH, START] = 2.0
    table[END_OF_SPEECH, NEXT] = 1.0  # competes with slot 0, but half as strong unless END fires
    table[END_OF_SPEECH, END] = 2.0
    table[END_OF_SPEECH, RANDOM:] = 0.0
    table[:, FILL] = np.sqrt(HIDDEN - np.square(table).sum(1))
    return table


def attention(active: bool) -> dict[str, np.ndarray]:
    """MEAN += mean of BALANCE, RANDOM += 2 * mean of RANDOM, over the context."""
    value = np.zeros((KV_HEADS * HEAD_DIM, HIDDEN), np.float32)
    output = np.zeros((HIDDEN, HEADS * HEAD_DIM), np.float32)
    if active:
        value[0, BALANCE] = 1.0  # key-value head 0, read by query head 0
        output[MEAN, 0] = 1.0
        for i in range(HEAD_DIM):  # key-value head 1, read by query head 2
            value[HEAD_DIM + i, RANDOM + i] = 1.0
            output[RANDOM + i, 2 * HEAD_DIM + i] = 2.0
    return {
        "self_attn.q_proj": np.zeros((HEADS * HEAD_DIM, HIDDEN), np.float32),
        "self_attn.k_proj": np.zeros((KV_HEADS * HEAD_DIM, HIDDEN), np.float32),
        "self_attn.v_proj": value,
        "self_attn.o_proj": output,
    }


def mlp(active: bool, errors: Errors) -> dict[str, np.ndarray]:
    """NEXT += (SLOT shifted by one) - 3 * NEXT; END += clamp(END_GAIN * MEAN, 0, 8) after slot 6."""
    gate = np.zeros((INTERMEDIATE, HIDDEN), np.float32)
    up = np.zeros((INTERMEDIATE, HIDDEN), np.float32)
    down = np.zeros((HIDDEN, INTERMEDIATE), np.float32)
    if active:
        step = 1.0 - errors.wrong_next() / 2.0  # the slot that is next is at 2, whatever the others are at
        for slot in range(SLOTS):
            gate[slot, CONST] = LINEAR
            up[slot, SLOT + (slot - 1) % SLOTS] = step
            if slot == 0:
                up[slot, START] = step
            up[slot, NEXT + slot] = -3.0  # never the token's own slot again
            down[NEXT + slot, slot] = 1.0 / LINEAR
        gate[7, CONST], up[7, END], down[END, 7] = LINEAR, -2.0, 1.0 / LINEAR
        gate[8, MEAN] = END_GAIN
        gate[8, SLOT + 6], gate[8, CONST] = 2500.0, -5000.0  # only after slot 6
        up[8, CONST], down[END, 8] = 1.0, 1.0
        gate[9] = gate[8]  # saturates at 8, so that the other logits stay in range if END_OF_SPEECH is banned
        gate[9, CONST] -= 8.0
        up[9, CONST], down[END, 9] = 1.0, -1.0
        if errors != Errors():
            gate[10, CONST], up[10, CONST] = LINEAR, 1.0
            down[NEXT : NEXT + SLOTS, 10] = errors.wrong_next() / LINEAR
            down[END, 10] = errors.end() / LINEAR
    return {"mlp.gate_proj": gate, "mlp.up_proj": up, "mlp.down_proj": down}


def save_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    blobs, offset = [], 0
    for name, tensor in tensors.items():
        blob = tensor.astype("<f4").tobytes() if dtype == "float32" else bfloat16(tensor)
        span = [offset, offset + len(blob)]
        kind = {"float32": "F32", "bfloat16": "BF16"}[dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": span}
        blobs.append(blob)
        offset += len(blob)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.writelines(blobs)


def bfloat16(tensor: np.ndarray) -> bytes:
    """Rounded to nearest, ties to even."""
    bits = np.ascontiguousarray(tensor, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def byte_alphabet() -> dict[int, str]:
    """A printable character for each byte, as in GPT-2's byte-level vocabularies."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def byte_pairs(wanted: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of a byte-pair encoding learned from CORPUS."""
    alphabet = byte_alphabet()
    vocabulary = {character: i for i, character in enumerate(sorted(alphabet.values()))}
    words: dict[tuple[str, ...], int] = {}
    for word in CORPUS.split():
        for form in (word, " " + word):
            symbols = tuple(alphabet[byte] for byte in form.encode())
            words[symbols] = words.get(symbols, 0) + 1
    merges: list[tuple[str, str]] = []
    while len(merges) < wanted:
        pairs: dict[tuple[str, str], int] = {}
        for symbols, count in words.items():
            for pair in pairwise(symbols):
                pairs[pair] = pairs.get(pair, 0) + count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        vocabulary.setdefault("".join(best), len(vocabulary))
        merged: dict[tuple[str, ...], int] = {}
        for symbols, count in words.items():
            joined = merge(symbols, best)
            merged[joined] = merged.get(joined, 0) + count
        words = merged
    return vocabulary, merges


def merge(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    i = 0
    while i < len(symbols):
        width = 2 if symbols[i : i + 2] == pair else 1
        out.append("".join(symbols[i : i + width]))
        i += width
    return tuple(out)


def llama3_specials() -> dict[int, str]:
    named = {
        128000: "<|begin_of_text|>",
        128001: "<|end_of_text|>",
        128002: "<|reserved_special_token_0|>",
        128003: "<|reserved_special_token_1|>",
        128004: "<|finetune_right_pad_id|>",
        128005: "<|reserved_special_token_2|>",
        128006: "<|start_header_id|>",
        128007: "<|end_header_id|>",
        128008: "<|eom_id|>",
        128009: "<|eot_id|>",
        128010: "<|python_tag|>",
    }
    return named | {i: f"<|reserved_special_token_{i - 128011 + 3}|>" for i in range(128011, FIRST_CUSTOM)}


def tokenizer(custom_special: bool) -> dict[str, Any]:
    """tokenizer.json"""
    vocabulary, merges = byte_pairs(MERGES)
    for i in range(len(vocabulary), TEXT_TOKENS):
        vocabulary[f"<filler_{i}>"] = i  # no merge leads there
    added = [(i, name, True) for i, name in llama3_specials().items()]
    added += [(FIRST_CUSTOM + i, f"<custom_token_{i}>", custom_special) for i in range(CUSTOM_TOKENS)]
    added += [(AUDIO_TAG, "<|audio|>", True)]
    plain = {"single_word": False, "lstrip": False, "rstrip": False}
    bos = {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}
    byte_level = {"type": "ByteLevel", "trim_offsets": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": i, "content": name, **plain, "normalized": not special, "special": special}
            for i, name, special in added
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "behavior": "Isolated", "invert": False, "pattern": {"Regex": WORDS}},
                byte_level | {"add_prefix_space": False, "use_regex": False},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [bos, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                "<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [BOS], "tokens": ["<|begin_of_text|>"]}
            },
        },
        "decoder": byte_level | {"add_prefix_space": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": [list(pair) for pair in merges],
        },
    }


def small(whole: dict[str, Any]) -> dict[str, Any]:
    """Without fillers and audio tokens: the same tokens for all texts that name none of these, and read in no time."""
    model = whole["model"]
    vocabulary = {token: id for token, id in model["vocab"].items() if not token.startswith("<filler_")}
    added = [token for token in whole["added_tokens"] if not FIRST_AUDIO <= token["id"] < AUDIO_TAG]
    return whole | {"added_tokens": added, "model": model | {"vocab": vocabulary}}


TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<|begin_of_text|>",
    "eos_token": "<|eot_id|>",
    "pad_token": "<|finetune_right_pad_id|>",
    "clean_up_tokenization_spaces": False,
    "model_max_length": 8192,
    "model_input_names": ["input_ids", "attention_mask"],
}

GENERATION_CONFIG = {"bos_token_id": BOS, "eos_token_id": EOT, "do_sample": True, "temperature": 0.6, "top_p": 0.9}


def model_config(dtype: str) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": VOCABULARY,
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HEAD_DIM,
        "hidden_act": "silu",
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": BOS,
        "eos_token_id": EOT,
        "torch_dtype": dtype,
        "dtype": dtype,
        "use_cache": True,
        "initializer_range": 0.02,
        "transformers_version": "4.57.1",  # otherwise transformers 5 warns about an incorrect regex, without cause
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--special", action="store_true", help="mark <custom_token_N> special")
    parser.add_argument("--audio-per-text", type=float, default=7.0, help="audio tokens per text token before the end")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong-slots", type=float, default=0.0, help="part of the tokens that are of a wrong slot")
    parser.add_argument("--early-ends", type=float, default=0.0, help="part of the tokens that end the speech")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = weights(args.audio_per_text, args.seed, Errors(args.wrong_slots, args.early_ends))
    save_safetensors(args.out / "model.safetensors", tensors, args.dtype)
    whole = tokenizer(args.special)
    for name, content in (
        ("tokenizer.json", whole),
        ("tokenizer_small.json", small(whole)),
        ("tokenizer_config.json", TOKENIZER_CONFIG),
        ("config.json", model_config(args.dtype)),
        ("generation_config.json", GENERATION_CONFIG),
    ):
        (args.out / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
