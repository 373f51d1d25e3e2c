"""Our server as users run it: the program with a configuration file."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import Service, status_of
from programs import PROJECT, program
from reference import MODELS
from vllm_peer import Vllm

START_WITHIN_S = 60
STOP_WITHIN_S = 30

Settings = dict[str, dict[str, Any]]


def settings_for_vllm(base_url: str) -> Settings:
    """The base configuration of the tests; a test changes single keys."""
    return {
        "server": {"host": "127.0.0.1"},
        # The tiny checkpoint repeats frames, as no speech does.
        "engine": {"kind": "vllm", "base_url": base_url, "model": "svara", "end_loops": False},
        "model": {"tokenizer": str(MODELS / "tiny-svara/tokenizer.json")},
        "decoder": {
            "model": str(MODELS / "snac-small/decoder_stream.onnx"),
            "device": "cpu",
            "threads": 1,
            "noise": False,
            # Equality is tested, whatever else the machine has to do: a busy one would let fewer streams in.
            "max_streams": 32,
        },
        "log": {"format": "json"},
    }


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    """The settings with single keys changed or added."""
    return settings | {name: settings.get(name, {}) | keys for name, keys in sections.items()}


@dataclass(frozen=True)
class Engine:
    """The engine behind a server: its settings, and the vLLM if it is one."""

    settings: Settings
    arguments: tuple[str, ...] = ()
    vllm: Vllm | None = None


DEMO = Engine({"server": {"host": "127.0.0.1"}, "log": {"format": "json"}}, ("--demo",))


def write_config(path: Path, settings: Settings) -> None:
    """The settings as TOML, which writes strings, numbers and booleans like JSON."""
    sections = []
    for section, values in settings.items():
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        sections.append("\n".join([f"[{section}]", *lines]))
    path.write_text("\n\n".join(sections) + "\n")


class Server:
    """A server on a free port, which it has once it is waited for."""

    scheme = "http"

    def __init__(self, directory: Path, settings: Settings, arguments: tuple[str, ...] = ()) -> None:
        config, log = directory / "server.toml", directory / "server.log"
        # Its own choice: a port that was free a moment ago may be another program's by now.
        write_config(config, settings | {"server": settings["server"] | {"port": 0}})
        command = [program("svara-server"), "--config", config, *arguments]
        # Another may have written to it before.
        self.log_begins = log.stat().st_size if log.exists() else 0
        self.service = Service("svara-server", command, log, clean_environment(), PROJECT)
        self.port = 0

    @property
    def root(self) -> str:
        assert self.port, "it isn't known to listen yet"
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def listens(self) -> bool:
        """Whether its log has said on which port."""
        for line in self.service.log.read_bytes()[self.log_begins :].splitlines():
            if b'"listening"' in line and line.endswith(b"}"):
                self.port = int(json.loads(line)["address"].rpartition(":")[2])
        return self.port != 0

    def wait_ready(self) -> None:
        self.service.wait_ready(lambda: self.listens() and self.status() == 200, START_WITHIN_S)

    def wait_listening(self) -> None:
        """For a server whose engine is unavailable: any answer counts."""
        self.service.wait_ready(lambda: self.listens() and self.status() is not None, START_WITHIN_S)

    def status(self) -> int | None:
        """The status of its health; None if there is no answer."""
        return status_of(f"{self.root}/health")

    def stop(self) -> None:
        code = self.service.stop(STOP_WITHIN_S)
        assert code == 0, f"svara-server ended with code {code}\n{self.service.tail()}"
        assert "panicked" not in self.service.log.read_text(errors="replace"), self.service.tail()


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a subcommand of the binary."""
    command = [program("svara-server"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment(), cwd=PROJECT)


def clean_environment() -> dict[str, str]:
    """The environment without variables that would override the configuration file."""
    ours = ("API_", "LOG_", "ORT_", "SVARA_", "TOKENIZER_", "TTS_", "VLLM_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
