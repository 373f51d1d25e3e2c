"""The Python stack that the new one follows, as a stand-in, and the commands of docs/migrating-from-python.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from stack import NAME, PROJECT, Stack, docker

CONTAINER = "svara-tts-api"
CACHE = "/root/.cache/huggingface"
# Not the old stack's own names, which may be taken on the machine that runs the tests.
IMAGE, KEPT_IMAGE = f"{NAME}-python:latest", f"{NAME}-python:kept"


class PythonStack(Stack):
    """The old stack, in the project of the new one."""

    def __init__(self, directory: Path, images: dict[str, str], variables: dict[str, str]) -> None:
        super().__init__(directory, ["tests/docker/compose.python.yml"], variables | {"PYTHON_IMAGE": IMAGE})
        self.new_image = images["SVARA_IMAGE"]
        docker("tag", images["SVARA_TOOLS_IMAGE"], IMAGE)

    def keep(self, name: str, content: str) -> None:
        """Writes a file that only root can read into its volume."""
        docker("exec", CONTAINER, "sh", "-c", f"umask 077; printf {content} > {CACHE}/{name}")

    def kept(self, name: str) -> str:
        return docker("exec", CONTAINER, "cat", f"{CACHE}/{name}")

    def documented(self, beginning: str) -> None:
        """Runs the one command of the page that begins so, with the names of the test."""
        page = (PROJECT / "docs/migrating-from-python.md").read_text()
        [command] = set(re.findall(re.escape(beginning) + r"[^`\n]*", page))
        for old, new in (
            ("svara-tts-api:latest", IMAGE),
            ("svara-tts-api:python", KEPT_IMAGE),
            ("svara-tts-api:rust", self.new_image),
            ("svara-tts-inference_", f"{NAME}_"),
        ):
            command = command.replace(old, new)
        self.run(shlex.split(command))

    def forget(self) -> None:
        docker("image", "rm", IMAGE, KEPT_IMAGE, check=False)
