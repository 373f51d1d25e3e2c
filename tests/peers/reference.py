"""Reference results: prompts from transformers, one-shot decoding with ONNX Runtime's Python package."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from programs import PROJECT

MODELS = PROJECT / "target/test-models"
DEMO_MODELS = PROJECT / "models/demo"

BEGIN_OF_TEXT, END_OF_TURN, AUDIO = 128000, 128009, 156939
START_OF_SPEECH, END_OF_SPEECH, START_OF_HUMAN, END_OF_HUMAN, START_OF_AI = 128257, 128258, 128259, 128260, 128261
FIRST_CONTROL = 128000  # and all ids above it
FIRST_AUDIO, CODES, SLOTS = 128266, 4096, 7
SAMPLES_PER_FRAME, SAMPLE_RATE = 2048, 24000

# For each codebook, the slots of a frame with its codes, in order.
CODEBOOK_SLOTS = ([0], [1, 4], [2, 3, 5, 6])

LANGUAGES = {
    "as": "Assamese",
    "bh": "Bhojpuri",
    "bn": "Bengali",
    "brx": "Bodo",
    "doi": "Dogri",
    "en": "English",
    "gu": "Gujarati",
    "hi": "Hindi",
    "hne": "Chhattisgarhi",
    "kn": "Kannada",
    "mag": "Magahi",
    "mai": "Maithili",
    "ml": "Malayalam",
    "mr": "Marathi",
    "ne": "Nepali",
    "pa": "Punjabi",
    "sa": "Sanskrit",
    "ta": "Tamil",
    "te": "Telugu",
}
SPEAKER_IDS = {
    f"{code}_{gender}": f"{language} ({gender.capitalize()})"
    for code, language in LANGUAGES.items()
    for gender in ("female", "male")
}


@functools.cache
def tokenizer(name: str = "tiny-svara") -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(MODELS / name)


def text_ids(text: str, voice: str, model: str = "tiny-svara") -> list[int]:
    """The ids between AUDIO and END_OF_HUMAN, as the Python stack builds them."""
    return tokenizer(model)(f"{SPEAKER_IDS[voice]}: {text}", add_special_tokens=False)["input_ids"]


def prompt_ids(text: str, voice: str, model: str = "tiny-svara") -> list[int]:
    before, after = [BEGIN_OF_TEXT, START_OF_HUMAN, AUDIO], [END_OF_HUMAN, END_OF_TURN, START_OF_AI, START_OF_SPEECH]
    return before + text_ids(text, voice, model) + after


def expected_frames(text: str, voice: str) -> int:
    """The frames that the tiny checkpoint generates: one for each token of the text, plus one."""
    return sum(i < FIRST_CONTROL for i in text_ids(text, voice)) + 1


def codes_of(tokens: list[int]) -> list[np.ndarray]:
    """Audio tokens -> codes [1, n] of each codebook; fails unless they are whole frames in order."""
    ids = np.array(tokens, np.int64).reshape(-1, SLOTS)
    codes = ids - FIRST_AUDIO - CODES * np.arange(SLOTS)
    assert ((codes >= 0) & (codes < CODES)).all(), "the engine broke the order of slots"
    return [codes[:, slots].reshape(1, -1) for slots in CODEBOOK_SLOTS]


@functools.cache
def plain_decoder(name: str) -> Any:
    return onnx_session(MODELS / name / "decoder_plain.onnx")


def decode(tokens: list[int], model: str = "snac-small") -> np.ndarray:
    """Samples of a one-shot decode without noise."""
    session = plain_decoder(model)
    feed = {f"audio_codes.{i}": codes for i, codes in enumerate(codes_of(tokens))}
    latents = 4 * len(tokens) // SLOTS
    about = session.get_modelmeta().custom_metadata_map
    for value in session.get_inputs():
        if value.name.startswith("noise."):
            rate = int(about[value.name.replace("noise", "noise_rate")])
            feed[value.name] = np.zeros((1, 1, latents * rate), np.float32)
    return session.run(None, feed)[0][0, 0]


def onnx_session(model: Path | bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def samples_of(pcm: bytes) -> np.ndarray:
    """Little-endian 16-bit PCM -> samples in -1..1."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


# Rounding to 16 bits, and whether full scale is 32767 or 32768.
PCM_ROUNDING = 1.5 / 32767


def assert_same_audio(pcm: bytes, expected: np.ndarray, what: str = "") -> None:
    """The guarantee of exactness: the same number of samples, each within 1e-4 before rounding."""
    heard = samples_of(pcm)
    assert len(heard) == len(expected), f"{what}: {len(heard)} samples instead of {len(expected)}"
    assert expected.std() > 0.01, "the reference is silent"
    error = float(np.abs(heard - expected).max())
    assert error <= 1e-4 + PCM_ROUNDING, f"{what}: differs from the one-shot decode by {error:.1e}"
