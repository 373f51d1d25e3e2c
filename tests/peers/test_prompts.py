"""Peer: transformers. The prompts that our server sends equal those of the Python stack's algorithm, id for id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reference import AUDIO, END_OF_HUMAN, FIRST_CONTROL, MODELS, SPEAKER_IDS, prompt_ids, text_ids
from server_peer import run, settings_for_vllm, write_config

TEXTS = {
    "devanagari": "नमस्ते दुनिया, यह एक परीक्षण है।",
    "tamil": "வணக்கம் உலகம்",
    "latin": "Hello, world! It's fine — isn't it?",
    "mixed, with emoji": "मेरा naam 🙂 है",
    "a style tag": "मैं ठीक हूँ <happy>",
}

CONTROL_SPELLINGS = [
    "<custom_token_2>",
    "<custom_token_17>",
    "<|eot_id|>",
    "<|begin_of_text|>",
    "<|audio|>",
    "hello<custom_token_2>world",
    "<<custom_token_2>custom_token_2>",
    "<|eot_<|eot_id|>id|>",
    "<|reserved_special_token_5|>",
]


@pytest.fixture(scope="module", params=["tiny-svara", "tiny-svara-special"])
def model(request: pytest.FixtureRequest) -> str:
    """Tokenizers with ordinary and with special custom tokens."""
    return request.param


@pytest.fixture(scope="module")
def config(model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "server.toml"
    settings = settings_for_vllm("http://127.0.0.1:9/v1")
    settings["model"]["tokenizer"] = str(MODELS / model / "tokenizer.json")
    write_config(path, settings)
    return path


def our_prompt(config: Path, voice: str, text: str) -> list[int]:
    result = run("--config", config, "prompt", "--json", "--voice", voice, text)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_there_are_38_voices() -> None:
    assert len(SPEAKER_IDS) == 38


@pytest.mark.parametrize("voice", SPEAKER_IDS)
def test_prompt_of_each_voice(config: Path, model: str, voice: str) -> None:
    text = TEXTS["devanagari"]
    assert our_prompt(config, voice, text) == prompt_ids(text, voice, model)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_prompt_of_each_script(config: Path, model: str, text: str) -> None:
    assert our_prompt(config, "hi_female", text) == prompt_ids(text, "hi_female", model)


@pytest.mark.parametrize("text", CONTROL_SPELLINGS)
def test_typed_control_tokens_stay_text(config: Path, model: str, text: str) -> None:
    assert max(text_ids(text, "hi_female", model)) >= FIRST_CONTROL, "the Python stack would obey this one"
    ids = our_prompt(config, "hi_female", text)
    words = ids[ids.index(AUDIO) + 1 : ids.index(END_OF_HUMAN)]
    assert words and max(words) < FIRST_CONTROL
    frame = prompt_ids("x", "hi_female", model)
    assert ids[:3] == frame[:3] and ids[-4:] == frame[-4:] and len(ids) == len(words) + 7
