"""Checks the compose files without running them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from stack import PROJECT

# .env.example of the Python stack.
OLD_VARIABLES = """VLLM_MODEL VLLM_HOST VLLM_PORT VLLM_GPU_MEMORY_UTILIZATION VLLM_MAX_MODEL_LEN
    VLLM_TENSOR_PARALLEL_SIZE VLLM_TRUST_REMOTE_CODE
    API_HOST API_PORT VLLM_BASE_URL TTS_DEVICE HF_TOKEN LOG_LEVEL""".split()
FILES = ["docker-compose.yml", "docker/compose.split.yml"]
# What is added to docker-compose.yml.
ADDITIONS = ["docker/compose.keys.yml", "docker/compose.vllm-port.yml"]
# Of the Python stack: the server warns of them.
WITHOUT_EFFECT = {"VLLM_TRUST_REMOTE_CODE", "VLLM_ENFORCE_EAGER", "VLLM_QUANTIZATION"}


def test_every_old_variable_is_in_the_example() -> None:
    text = (PROJECT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))
    assert set(OLD_VARIABLES) <= named


def test_every_variable_of_the_example_is_used() -> None:
    text = "".join((PROJECT / file).read_text() for file in [*FILES, *ADDITIONS])
    example = (PROJECT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) - WITHOUT_EFFECT
    assert {name for name in named if not re.search(rf"\b{name}\b", text)} == set()


def test_every_variable_of_the_files_is_in_the_example() -> None:
    example = (PROJECT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    for file in [*FILES, *ADDITIONS]:
        text = (PROJECT / file).read_text()
        # `${NAME:-default}`, and a name without a value, which is passed on.
        read = set(re.findall(r"\$\{([A-Z_]+)|^      ([A-Z_]+):$", text, re.MULTILINE))
        assert {one or other for one, other in read} - named <= WITHOUT_EFFECT, file


def test_the_example_shows_the_defaults() -> None:
    """A copy of the example changes nothing, whichever of the files it is for."""
    text = (PROJECT / ".env.example").read_text()
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    for file in FILES:
        for name, service in yaml.safe_load((PROJECT / file).read_text())["services"].items():
            if "environment" in service:
                assert environment(file, name, example) == environment(file, name, {}), f"{file}: {name}"
    # Images may be pinned to digests (scripts/pin_images.sh).
    files = re.sub(r"@sha256:\w+", "", "".join((PROJECT / file).read_text() for file in [*FILES, *ADDITIONS]))
    of_compose = dict(re.findall(r"^#([A-Z_]+)=(.*)$", text.split("\n# --- compose ---")[1], re.MULTILINE))
    assert len(of_compose) > 10
    for name, shown in of_compose.items():
        assert set(re.findall(rf"\$\{{{name}:-(.*?)\}}", files)) == {shown}, name


def environment(file: str, service: str, variables: dict[str, str]) -> dict[str, str]:
    """What compose gives a service, where the host's and the .env file's variables are these."""

    def value(text: str) -> str:
        one = re.compile(r"\$\{(\w+)(?::-([^${}]*))?\}")
        while (filled := one.sub(lambda name: variables.get(name[1]) or name[2] or "", text)) != text:
            text = filled
        return text

    given = yaml.safe_load((PROJECT / file).read_text())["services"][service]["environment"]
    return {name: value(text) for name, text in given.items() if text is not None}


def test_the_server_asks_the_port_that_vllm_listens_on() -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    for variables in ({}, example):
        variables = variables | {"VLLM_PORT": "9000"}
        one = environment("docker-compose.yml", "svara-tts-api", variables)
        # Without a URL, the server asks VLLM_PORT.
        assert (one["VLLM_PORT"], one["VLLM_BASE_URL"]) == ("9000", "")
        # In parts, vLLM and its router keep their ports.
        assert "VLLM_PORT" not in environment("docker/compose.split.yml", "vllm", variables)
        assert environment("docker/compose.split.yml", "server", variables)["VLLM_BASE_URL"] == "http://router:8000/v1"
    elsewhere = {"VLLM_BASE_URL": "http://gpu:9/v1"}
    assert environment("docker-compose.yml", "svara-tts-api", elsewhere)["VLLM_BASE_URL"] == "http://gpu:9/v1"


def test_no_variable_of_an_image_is_taken_away() -> None:
    """A name without a value removes the image's variable unless the host sets it."""
    instructions = (PROJECT / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    environments = re.findall(r"^ENV (.*)$", instructions, re.MULTILINE)
    of_images = {name for line in environments for name in re.findall(r"(\w+)=", line)}
    assert "VLLM_HUB_OFFLINE" in of_images
    for file in FILES:
        for name, service in yaml.safe_load((PROJECT / file).read_text())["services"].items():
            without_value = {key for key, value in (service.get("environment") or {}).items() if value is None}
            assert not without_value & of_images, f"{file}: {name}"


def test_old_names_are_kept() -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    service = compose["services"]["svara-tts-api"]
    assert service["container_name"] == "svara-tts-api"
    assert service["restart"] == "unless-stopped"
    assert "huggingface_cache" in compose["volumes"]
    assert service["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_no_container_may_more_than_it_needs() -> None:
    for file in FILES:
        for name, service in yaml.safe_load(Path(PROJECT / file).read_text())["services"].items():
            assert service["cap_drop"] == ["ALL"], f"{file}: {name}"
            assert service["security_opt"] == ["no-new-privileges:true"], f"{file}: {name}"
            assert service["mem_limit"] and service["pids_limit"], f"{file}: {name}"
            if service["image"].startswith("${SVARA"):
                assert service["read_only"], f"{file}: {name}"


def test_python_packages_have_hashes() -> None:
    """What images install: every package is pinned and hashed, those that others need, too (scripts/lock_python.sh)."""
    for name in ("scripts/requirements", "scripts/hub-requirements", "scripts/ci-requirements", "docker/router-requirements"):
        wanted = re.findall(r"^([\w-]+==\S+)$", (PROJECT / f"{name}.in").read_text(), re.MULTILINE)
        text = (PROJECT / f"{name}.txt").read_text().replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert wanted and all("--hash=sha256:" in line and "==" in line for line in packages), name
        pinned = {line.split()[0].replace("-", "_") for line in packages}
        assert {one.replace("-", "_") for one in wanted} <= pinned, name
    installs = [PROJECT / "docker/prepare.sh", *(PROJECT / "scripts").glob("fetch_*.sh")]
    for script in installs:
        for command in re.findall(r"pip\S* (?:install|download) .*(?:\\\n.*)*", script.read_text()):
            assert "--require-hashes" in command, f"{script.name}: {command}"


def test_ports_are_published_on_this_machine_only() -> None:
    for file in [*FILES, "docker/compose.vllm-port.yml"]:
        for name, service in yaml.safe_load((PROJECT / file).read_text())["services"].items():
            for port in service.get("ports", []):
                assert re.match(r"\$\{\w+_PUBLISH:-127\.0\.0\.1\b", port), f"{file}: {name}: {port}"


def test_jobs_in_memory_leave_room_for_the_server() -> None:
    """Pages of a tmpfs count against the container's memory: without bounds, jobs would end the server and its streams."""
    units = {"m": 2**20, "g": 2**30}

    def bytes_of(text: str) -> int:
        return int(text[:-1]) * units[text[-1]]

    for file in FILES:
        for name, service in yaml.safe_load((PROJECT / file).read_text())["services"].items():
            given = service.get("environment") or {}
            mounts = dict(mount.split(":", 1) for mount in service.get("tmpfs", []))
            store = Path(given.get("SVARA_JOB_STORE") or "/var/lib/svara/jobs")
            within = [options for path, options in mounts.items() if Path(path) in store.parents]
            if not within:
                continue
            size = re.search(r"size=(\w+)", within[0])
            assert size, f"{file}: {name}: the tmpfs with the jobs has no size"
            assert int(given["SVARA_JOBS_KEPT_BYTES"]) <= bytes_of(size[1]), f"{file}: {name}"
            sizes = [bytes_of(one) for options in mounts.values() for one in re.findall(r"size=(\w+)", options)]
            assert sum(sizes) <= bytes_of(service["mem_limit"]) // 2, f"{file}: {name}"


def test_the_longest_recording_fits_into_the_engines_context() -> None:
    """vLLM refuses a request whose prompt and `max_tokens` are longer: a voice would be saved that can't be spoken."""

    def number(file: str, key: str) -> float:
        (found,) = re.findall(rf"^{key} = ([\d.]+)$", (PROJECT / file).read_text(), re.MULTILINE)
        return float(found)

    recording = number("config/server.toml", "max_seconds") * 7 * 24_000 / 2048
    transcript_and_text = 1_000
    least = recording + number("config/models/svara-v1.toml", "max_tokens") + transcript_and_text
    shipped = [*FILES, ".env.example", "config/supervisor.toml", "deploy/systemd/svara-vllm.service"]
    for file in [*shipped, "deploy/helm/svara-tts/values.yaml"]:
        found = re.findall(r"(?:VLLM_MAX_MODEL_LEN(?::-|=)|maxModelLen: )(\d+)", (PROJECT / file).read_text())
        assert found and all(int(tokens) >= least for tokens in found), f"{file}: {found}"


def test_no_password_is_everybodys() -> None:
    for file in FILES:
        for name, service in yaml.safe_load((PROJECT / file).read_text())["services"].items():
            for variable, value in (service.get("environment") or {}).items():
                if re.search(r"PASSWORD|KEY|TOKEN", variable):
                    assert value is None or value.endswith(":-}"), f"{file}: {name}: {variable}={value}"


def test_a_wrong_configuration_is_not_restarted() -> None:
    """RestartPreventExitStatus looks at the main process only: a check in ExecStartPre would be restarted."""
    unit = (PROJECT / "deploy/systemd/svara-server.service").read_text()
    keys = re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE)
    assert ("RestartPreventExitStatus", "64") in keys
    assert "ExecStartPre" not in dict(keys)


def test_units_may_no_more_than_they_need() -> None:
    """`systemd-analyze security` rates the exposure of a unit from 0 to 10."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for unit, most in {"svara-server": 3.0, "svara-vllm": 3.0}.items():
        file = PROJECT / "deploy/systemd" / f"{unit}.service"
        rated = subprocess.run(
            [analyze, "security", "--offline=true", f"--threshold={round(most * 10)}", file],
            capture_output=True,
            text=True,
        )
        assert rated.returncode == 0, rated.stdout + rated.stderr
