"""Settings with which a real vLLM on a CPU needs tenths of a second for a speech instead of seconds."""

from __future__ import annotations

from pathlib import Path

from programs import PROJECT
from reference import tokenizer
from server_peer import Engine, Settings, changed

# The tiny checkpoint generates in proportion to the words in the prompt, and greedy sampling sorts no logits.
QUICK = {
    'text = "{speaker_id}: {text}"': 'text = "{text}"',
    "temperature = 0.75": "temperature = 0.0",
    "top_p = 0.9": "top_p = 1.0",
    "repetition_penalty = 1.1": "repetition_penalty = 1.0",
}


def quick(engine: Engine, directory: Path) -> Settings:
    """The engine's settings. For vLLM, they name a quick profile, which is written into the directory."""
    if not engine.vllm:
        return engine.settings
    return changed(engine.settings, model={"profile": profile_with(QUICK, directory)})


def profile_with(changes: dict[str, str], directory: Path) -> str:
    """Writes the model's profile with some of its lines replaced, and returns its path."""
    profile = (PROJECT / "config/models/svara-v1.toml").read_text()
    for usual, instead in changes.items():
        assert usual in profile
        profile = profile.replace(usual, instead)
    path = directory / "profile.toml"
    path.write_text(profile)
    return str(path)


def quick_frames(text: str) -> int:
    """The frames that the tiny checkpoint then generates: one for each token of the text, plus one."""
    return len(tokenizer()(text, add_special_tokens=False)["input_ids"]) + 1
