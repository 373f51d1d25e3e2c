"""Peer: a real vLLM. Our server's stream equals a one-shot decode (ONNX Runtime, PyTorch) of vLLM's tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

import pytorch_snac
from conftest import StartServer
from processes import wait_until
from reference import MODELS, SAMPLES_PER_FRAME, assert_same_audio, codes_of, decode, expected_frames
from server_peer import Server, settings_for_vllm
from snac_export.config import Config
from speech import VOICE, body, engine_tokens, speak
from vllm_peer import METRICS_WITHIN_S, Vllm

SENTENCE = "नमस्ते दुनिया, please say this in a warm and friendly voice"
FRAME_TOKENS = 7


def test_every_text_token_is_a_frame_of_samples(server: Server, vllm: Vllm) -> None:
    for text in ("hello", "hello world", "வணக்கம் உலகம்", SENTENCE):
        pcm = speak(server, text)
        assert len(pcm) == 2 * SAMPLES_PER_FRAME * expected_frames(text, VOICE), text


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_utterances_come_out_whole(server: Server, vllm: Vllm, frames: int) -> None:
    tokens = engine_tokens(vllm, SENTENCE, max_tokens=frames * FRAME_TOKENS)
    assert len(tokens) == frames * FRAME_TOKENS
    pcm = speak(server, SENTENCE, max_tokens=frames * FRAME_TOKENS)
    assert_same_audio(pcm, decode(tokens))


@pytest.fixture(scope="module")
def references(one_vllm: Vllm) -> dict[str, np.ndarray]:
    """The reference audio of 16 different texts."""
    one_vllm.ensure_started()
    texts = [f"stream {i}: {'hello world ' * (i % 5)}{chr(ord('a') + i) * (i + 1)}" for i in range(16)]
    with ThreadPoolExecutor(len(texts)) as pool:
        tokens = list(pool.map(lambda text: engine_tokens(one_vllm, text), texts))
    signals = [decode(ids) for ids in tokens]
    assert distinct(signals), "the references don't tell the streams apart"
    return dict(zip(texts, signals, strict=True))


def distinct(signals: list[np.ndarray]) -> bool:
    """Whether their first frames differ."""
    starts = [signal[:SAMPLES_PER_FRAME] for signal in signals]
    return all(np.abs(a - b).max() > 0.01 for i, a in enumerate(starts) for b in starts[:i])


@pytest.mark.parametrize("hop", [1, 2, 7, 50])
def test_streams_equal_the_one_shot_decode(
    start_server: StartServer, vllm: Vllm, references: dict[str, np.ndarray], hop: int
) -> None:
    """One stream, then 16 at once, each compared with its own reference."""
    settings = settings_for_vllm(vllm.base_url)
    settings["decoder"]["hop_frames"] = hop
    server = start_server(settings)
    alone, samples = list(references.items())[-1]
    assert_same_audio(speak(server, alone), samples, f"hop {hop}, alone")
    with ThreadPoolExecutor(len(references)) as pool:
        heard = list(pool.map(lambda text: speak(server, text), references))
    for (text, expected), pcm in zip(references.items(), heard, strict=True):
        assert_same_audio(pcm, expected, f"hop {hop}, {text!r} among 16")


def test_seeded_streams_equal_the_one_shot_decode(server: Server, vllm: Vllm) -> None:
    """One text, sampled with four seeds at once."""
    sampling = {"temperature": 0.75, "top_k": 40, "repetition_penalty": 1.1}
    seeds = [1, 2, 3, 2**40]
    with ThreadPoolExecutor(len(seeds)) as pool:
        tokens = list(pool.map(lambda seed: engine_tokens(vllm, SENTENCE, seed=seed, **sampling), seeds))
        heard = list(pool.map(lambda seed: speak(server, SENTENCE, seed=seed, **sampling), seeds))
    references = [decode(ids) for ids in tokens]
    assert distinct(references), "the seeds make no difference"
    for seed, pcm, expected in zip(seeds, heard, references, strict=True):
        assert_same_audio(pcm, expected, f"seed {seed}")


def test_full_size_decoder_equals_pytorch(start_server: StartServer, vllm: Vllm) -> None:
    """Compares the full-size Rust decoder with PyTorch's, with the same seeded weights."""
    settings = settings_for_vllm(vllm.base_url)
    settings["decoder"]["model"] = str(MODELS / "snac-full/decoder_stream.onnx")
    pcm = speak(start_server(settings), SENTENCE)
    network = pytorch_snac.seeded_network(Config(), seed=1)
    expected = pytorch_snac.decode(network, codes_of(engine_tokens(vllm, SENTENCE)))
    assert_same_audio(pcm, expected[0, 0])


def test_first_bytes_arrive_while_the_engine_generates(server: Server, vllm: Vllm) -> None:
    text = " ".join(["the quick brown fox jumps over the lazy dog"] * 12)
    # Other work on the machine may hold the server up until the generation has ended, but not each time.
    assert any(heard_while_generated(server, vllm, text) for _ in range(5))


def heard_while_generated(server: Server, vllm: Vllm, text: str) -> bool:
    """Whether vLLM still generates when the first bytes of the text are there."""
    ended = vllm.idle()["vllm:request_success_total"]
    with httpx.stream("POST", f"{server.root}/v1/text-to-speech", json=body(text), timeout=120) as response:
        assert response.status_code == 200
        chunks = response.iter_raw()
        first = next(chunks)
        # vLLM counts a step after it has sent what the step gave: one of the two shows up.
        seen: dict[str, float] = {}

        def running_or_ended() -> bool:
            seen.update(vllm.metrics())
            return seen["vllm:num_requests_running"] == 1 or seen["vllm:request_success_total"] > ended

        wait_until("vLLM counts the request", running_or_ended, METRICS_WITHIN_S)
        total = len(first) + sum(len(chunk) for chunk in chunks)
    assert total == 2 * SAMPLES_PER_FRAME * expected_frames(text, VOICE)
    return seen["vllm:num_requests_running"] == 1


def test_a_long_text_is_said_in_pieces_and_nothing_is_lost(server: Server, vllm: Vllm) -> None:
    sentences = [f"This is sentence {name} of a long text, and it goes on for a while. " for name in "abcdefghijkl"]
    piece_characters = 240  # config/models/svara-v1.toml
    first = "".join(sentences[: piece_characters // len(sentences[0])]).strip()
    before = vllm.idle()
    pcm = speak(server, "".join(sentences), max_tokens=None)
    pieces = -(-len(sentences) // (piece_characters // len(sentences[0])))
    answers = before["vllm:request_success_total"]
    vllm.metric_once("vllm:request_success_total", lambda now: now - answers >= pieces)
    after = vllm.idle()
    assert after["vllm:request_success_total"] - answers == pieces
    generated = int(after["vllm:generation_tokens_total"] - before["vllm:generation_tokens_total"])
    frames, rest = divmod(generated - pieces, FRAME_TOKENS)  # each piece ends with END_OF_SPEECH
    assert rest == 0
    assert len(pcm) == 2 * SAMPLES_PER_FRAME * frames
    expected = decode(engine_tokens(vllm, first))
    assert_same_audio(pcm[: 2 * len(expected)], expected)
