"""scripts/pin_images.sh with a stand-in for docker, which knows the digests of a registry."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import PROJECT

FILES = ["docker/Dockerfile", "docker-compose.yml"]
DOCKER = """#!/usr/bin/env bash
# imagetools inspect --format … NAME:TAG
[[ "$1 $2 $3" == "buildx imagetools inspect" ]] || exit 1
image=${@: -1}
[[ $image != *@* && $image != "$(cat "$REGISTRY/gone")" ]] || exit 1
printf 'sha256:%s\\n' "$(printf '%s %s' "$image" "$(cat "$REGISTRY/age")" | sha256sum | cut -d' ' -f1)"
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the script reads, with a docker of its own in `bin`."""
    for name in [*FILES, "scripts/pin_images.sh", "scripts/lib.sh"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin/docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (tmp_path / "age").write_text("1")
    (tmp_path / "gone").write_text("")
    return tmp_path


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{copy / 'bin'}:{os.environ['PATH']}", "REGISTRY": str(copy)}
    command = [copy / "scripts/pin_images.sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def texts(copy: Path) -> list[str]:
    return [(copy / name).read_text() for name in FILES]


def foreign_images(text: str) -> list[str]:
    """Images that others make; ours are built here."""
    defaults = re.findall(r"^ARG [A-Z_]*IMAGE=(\S+)", text, re.MULTILINE)
    named = re.findall(r"image: \$\{[A-Z_]+:-([^}]+)\}", text)
    return [image for image in [*defaults, *named] if not image.startswith("svara-")]


def test_every_image_of_others_is_pinned(copy: Path) -> None:
    before = [image for text in texts(copy) for image in foreign_images(text)]
    assert len(before) == 6, before
    assert run(copy, "--check").returncode == 1
    assert [image for text in texts(copy) for image in foreign_images(text)] == before, "--check changes nothing"
    ran = run(copy)
    assert ran.returncode == 0, ran.stderr
    pinned = [image for text in texts(copy) for image in foreign_images(text)]
    assert all(re.fullmatch(r"[^@]+:[^@]+@sha256:[0-9a-f]{64}", image) for image in pinned), pinned
    assert [image.split("@")[0] for image in pinned] == [image.split("@")[0] for image in before]
    assert run(copy, "--check").returncode == 0
    once = texts(copy)
    assert run(copy).returncode == 0 and texts(copy) == once


def test_a_tag_that_moved_is_told_and_pinned_anew(copy: Path) -> None:
    assert run(copy).returncode == 0
    before = texts(copy)
    (copy / "age").write_text("2")
    checked = run(copy, "--check")
    assert checked.returncode == 1 and "is now sha256:" in checked.stderr and texts(copy) == before
    assert run(copy).returncode == 0
    assert all(text.count("@sha256:") == old.count("@sha256:") for text, old in zip(texts(copy), before, strict=True))
    assert texts(copy) != before and run(copy, "--check").returncode == 0


def test_a_registry_that_does_not_know_one_changes_nothing(copy: Path) -> None:
    before = texts(copy)
    (copy / "gone").write_text("grafana/grafana:12.1.0")
    ran = run(copy)
    assert ran.returncode != 0 and "grafana/grafana:12.1.0" in ran.stderr
    assert texts(copy) == before
