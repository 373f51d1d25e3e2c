"""The profile `demo`, without a GPU, vLLM or model weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack import Stack, health, report, speak, stack_of, until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Iterator[Stack]:
    with stack_of(tmp_path_factory.mktemp("demo"), ["docker-compose.yml"], variables) as stack:
        yield stack


def test_speaks(stack: Stack, port: int) -> None:
    stack.compose("up", "-d", "demo")
    (container,) = stack.containers("demo")
    took = until("healthy", lambda: health(container) == "healthy", 120)
    report("demo: healthy after", f"{took:.1f} s")
    audio = speak(f"http://127.0.0.1:{port}", "नमस्ते दुनिया", voice="hi_female")
    assert any(audio) and len(audio) > 24000
