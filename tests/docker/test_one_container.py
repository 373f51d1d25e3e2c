"""docker-compose.yml with a real vLLM. The tests depend on each other and run in the order of the file."""

from __future__ import annotations

import io
import math
import os
import signal
import struct
import threading
import time
import wave
from collections.abc import Iterator

import httpx
import pytest

from python_stack import PythonStack
from stack import NAME as PROJECT_NAME
from stack import START_WITHIN_S, Stack, Supervised, docker, health, inspect, report, speak, stack_of, until

NAME = "svara-tts-api"
FRAME_BYTES = 2048 * 2
COMPILERS = "gcc g++ cc c++ clang cargo rustc cmake make"
STATES = {"models": "exited", "vllm": "ready", "server": "ready"}
LONG_TEXT = "This sentence is long enough to be spoken for a while. " * 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> Iterator[Stack]:
    files = ["docker-compose.yml", "tests/docker/compose.test.yml"]
    with stack_of(tmp_path_factory.mktemp("one"), files, variables) as stack:
        yield stack


@pytest.fixture(scope="module")
def python_stack(
    stack: Stack, images: dict[str, str], variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonStack]:
    python_stack = PythonStack(tmp_path_factory.mktemp("python"), images, variables)
    yield python_stack
    python_stack.forget()


@pytest.fixture(scope="module")
def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def inside() -> Supervised:
    return Supervised(NAME)


class OpenStream(threading.Thread):
    """An open request; records how it ended."""

    def __init__(self, url: str, text: str = LONG_TEXT) -> None:
        super().__init__(daemon=True)
        self.url, self.text = url, text
        self.heard = threading.Event()
        self.bytes = 0
        self.error: Exception | None = None
        self.ended_at = 0.0
        self.start()
        assert self.heard.wait(120), f"no audio: {self.error}"

    def run(self) -> None:
        body = {"text": self.text, "voice": "en_female", "response_format": "pcm", "top_p": 1.0}
        try:
            with httpx.stream("POST", f"{self.url}/v1/text-to-speech", json=body, timeout=120) as response:
                response.raise_for_status()
                for piece in response.iter_raw():
                    self.bytes += len(piece)
                    self.heard.set()
        except httpx.HTTPError as error:
            self.error = error
        self.ended_at = time.monotonic()


def test_what_the_image_holds(images: dict[str, str]) -> None:
    image = inspect(images["SVARA_IMAGE"])
    config = image["Config"]
    assert config["User"] == "svara"
    assert config["Cmd"][:2] == ["svara-supervisor", "run"] and not config["Entrypoint"]
    assert config["Healthcheck"]["Test"] == ["CMD", "svara-supervisor", "status"]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    base = os.environ.get("SVARA_TEST_BASE_IMAGE")
    for name, built in images.items():
        report(f"image, {name}", f"{inspect(built)['Size'] / 1e6:.0f} MB")
    if base:
        ours = image["Size"] - inspect(base)["Size"]
        report("image, one container, what we add to its base", f"{ours / 1e6:.0f} MB")
    for what in ("/opt/svara/config", "/opt/svara/models/lib", "/opt/svara/scripts", "/opt/svara/python"):
        size = docker("run", "--rm", images["SVARA_IMAGE"], "du", "-sm", what).split()[0]
        report(f"  {what}", f"{size} MB")
    for what in ("svara-server", "svara-supervisor"):
        size = docker("run", "--rm", images["SVARA_IMAGE"], "stat", "-Lc", "%s", f"/usr/local/bin/{what}")
        report(f"  {what}", f"{int(size) / 1e6:.1f} MB")
    for variable in ("SVARA_IMAGE", "SVARA_SERVER_IMAGE"):
        found = docker("run", "--rm", images[variable], "sh", "-c", f"for name in {COMPILERS}; do command -v $name; done; true")
        assert found == "", "no compiler"


def test_the_python_stack_gives_way(python_stack: PythonStack, url: str) -> None:
    """The steps of docs/migrating-from-python.md; the next test takes the last one."""
    python_stack.compose("up", "-d")
    until("the old stack answers", lambda: answers(url), 60)
    python_stack.keep("of-python", "weights")
    python_stack.documented("docker tag svara-tts-api:latest")
    python_stack.compose("down")
    python_stack.documented("docker run --rm --user 0")


def test_up_becomes_healthy_out_of_empty_volumes(stack: Stack, inside: Supervised) -> None:
    stack.compose("up", "-d", NAME, "hub")
    took = until("healthy", lambda: health(NAME) == "healthy", START_WITHIN_S, 1)
    report("up -d, empty volumes: healthy after", f"{took:.0f} s")
    assert inside.exec("cat", "/var/cache/huggingface/of-python") == "weights", "what the Python stack fetched"
    programs = inside.status()
    assert {name: p["state"] for name, p in programs.items()} == STATES
    assert "svara-supervisor" in inside.exec("cat", "/proc/1/cmdline"), "PID 1"


def test_speaks_through_the_published_port(url: str) -> None:
    audio = speak(url)
    assert len(audio) > 0 and len(audio) % FRAME_BYTES == 0
    assert any(audio), "not silence"
    assert httpx.get(f"{url}/health").status_code == 200
    assert len(httpx.get(f"{url}/v1/voices").json()["voices"]) == 38
    body = {"model": "kenpath/svara-tts-v1", "input": "hello", "voice": "en_female", "response_format": "wav"}
    wav = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=60)
    assert wav.status_code == 200 and wav.content[:4] == b"RIFF"


def test_vllm_is_not_published(stack: Stack) -> None:
    ports = inspect(NAME)["NetworkSettings"]["Ports"]
    assert [port for port, bound in ports.items() if bound] == [f"{stack.environment['API_PORT']}/tcp"]


def test_runs_as_nobody_on_a_read_only_root(inside: Supervised) -> None:
    assert inside.exec("id", "-u") == "10001"
    for path in ("/x", "/opt/svara/x", "/usr/local/bin/x", "/etc/x"):
        assert "x" not in inside.exec("sh", "-c", f"touch {path} 2>/dev/null && echo x; true"), path
    assert inspect(NAME)["HostConfig"]["ReadonlyRootfs"]
    assert inside.exec("sh", "-c", "grep CapEff /proc/self/status").endswith("0000000000000000")


def test_the_operators_commands(inside: Supervised, url: str) -> None:
    """The checklist of the supervisord note, with the new commands."""
    assert "vllm" in inside.exec("svara-supervisor", "status")
    inside.exec("svara-supervisor", "restart", "server", "--wait")
    assert httpx.get(f"{url}/health").status_code == 200
    inside.exec("svara-supervisor", "stop", "server")
    until("not ready", lambda: not inside.ready(), 30)
    inside.exec("svara-supervisor", "start", "server", "--wait")
    until("ready", inside.ready, 30)
    assert "Application startup complete" in logs(inside, "vllm")
    assert inside.exec("svara-supervisor", "tail", "-n", "5", "server", "stderr")
    report_log = "/var/log/supervisor/healthcheck.log"  # one line a minute
    until("a report", lambda: "server" in inside.exec("tail", "-20", report_log, check=False), 90, 1)
    assert "ready" in inside.exec("svara-supervisor", "events")
    assert "svara_supervisor_up" in inside.exec("svara-supervisor", "metrics")


def test_the_notes_own_commands(inside: Supervised, url: str) -> None:
    """The commands of the supervisord note, letter by letter, and its fourth test."""

    def old(line: str) -> list[str]:
        # The job that fetches models is another program, which has ended.
        lines = inside.exec(*line.split(), check=False).splitlines()
        return [line for line in lines if not line.startswith("models")]

    def states() -> list[str]:
        return [line.split()[1] for line in old("supervisorctl status")]

    assert states() == ["RUNNING", "RUNNING"]
    assert old("supervisorctl restart fastapi") == ["fastapi: stopped", "fastapi: started"]
    assert old("supervisorctl stop all") == ["vllm: stopped", "server: stopped"]
    assert old("supervisorctl start all") == ["vllm: started", "server: started"]
    assert httpx.get(f"{url}/health").status_code == 200
    assert old("supervisorctl stop fastapi") == ["fastapi: stopped"]
    assert states() == ["RUNNING", "STOPPED"]
    assert old("supervisorctl start fastapi") == ["fastapi: started"]
    assert old("supervisorctl restart vllm") == ["vllm: stopped", "vllm: started"]
    assert old("tail -20 /var/log/supervisor/vllm.log") and old("supervisorctl tail vllm")
    until("ready", inside.ready, 30)


def test_logs_come_out_and_are_rotated(inside: Supervised) -> None:
    assert "server | " in docker("logs", NAME)
    assert inspect(NAME)["HostConfig"]["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    files = inside.exec("ls", "/var/log/supervisor").split()
    rotated = [name for name in files if name.startswith("vllm") and name.rsplit(".", 1)[-1].isdigit()]
    assert rotated, f"8 KiB is the limit here: {files}"


def test_kill_9_of_the_server(inside: Supervised, url: str) -> None:
    stream = OpenStream(url)
    old = inside.kill("server")
    stream.join(10)
    assert stream.error is not None, "cut off, and seen to be"
    took = until("a new server", lambda: inside.ready() and inside.status()["server"]["pid"] != old, 60)
    report("kill -9 of the server: all ready again after", f"{took:.1f} s")
    assert speak(url)
    assert inspect(NAME)["RestartCount"] == 0, "the container itself went on"


def test_kill_9_of_vllm(inside: Supervised, url: str) -> None:
    stream = OpenStream(url)
    start = time.monotonic()
    old = inside.kill("vllm")
    until("503", lambda: httpx.get(f"{url}/health", timeout=10).status_code == 503, 30)
    refused = httpx.post(f"{url}/v1/text-to-speech", json={"text": "hello", "voice": "en_female"}, timeout=30)
    assert refused.status_code == 503, refused.text
    stream.join(30)
    assert stream.error is not None, "cut off, and seen to be"
    report("kill -9 of vLLM: open stream broken off after", f"{stream.ended_at - start:.1f} s")
    took = until("a new vLLM", lambda: inside.ready() and inside.status()["vllm"]["pid"] != old, START_WITHIN_S, 1)
    report("kill -9 of vLLM: all ready again after", f"{took:.0f} s")
    assert speak(url)
    assert inspect(NAME)["RestartCount"] == 0


def test_kill_9_of_the_supervisor(inside: Supervised, url: str) -> None:
    """Kills it from the host: nothing inside its namespace can kill PID 1."""
    os.kill(inspect(NAME)["State"]["Pid"], signal.SIGKILL)
    until("restarted by policy", lambda: inspect(NAME)["RestartCount"] == 1, 30)
    took = until("healthy", lambda: health(NAME) == "healthy" and inside.ready(), START_WITHIN_S, 1)
    report("kill -9 of the supervisor: healthy again after", f"{took:.0f} s")
    assert speak(url)


def test_stop_ends_within_the_grace_with_open_streams(inside: Supervised, url: str, stack: Stack) -> None:
    """The volumes survive the container, including voices."""
    fields = {"name": "Kept", "consent": "true", "transcript": "a tone", "language": "en", "gender": "female"}
    made = httpx.post(f"{url}/v1/voices", files={"audio": ("a.wav", recording(), "audio/wav")}, data=fields, timeout=60)
    assert made.status_code == 201, made.text
    voice = made.json()["voice_id"]
    stream = OpenStream(url)
    start = time.monotonic()
    stack.compose("stop", NAME)
    took = time.monotonic() - start
    report("docker stop with an open stream: ended after", f"{took:.1f} s")
    state = inspect(NAME)["State"]
    assert took < 75 and state["ExitCode"] == 0, f"{took:.0f} s, {state}"
    stream.join(10)
    assert not stream.is_alive(), "finished or broken off"
    stack.compose("down")
    stack.compose("up", "-d", NAME)
    assert not stack.containers("hub"), "the hub is asked for nothing"
    took = until("healthy", lambda: health(NAME) == "healthy", START_WITHIN_S, 1)
    report("up -d, models there: healthy after", f"{took:.0f} s")
    voices = httpx.get(f"{url}/v1/voices").json()["voices"]
    assert voice in {v["voice_id"] for v in voices}, "kept over down and up"
    assert "exporting" not in docker("logs", NAME), "what is there isn't made again"
    assert speak(url, voice=voice)


def test_the_way_back_to_the_python_stack(stack: Stack, python_stack: PythonStack, url: str) -> None:
    stack.compose("down")
    python_stack.documented("docker tag svara-tts-api:python")
    start = time.monotonic()
    python_stack.compose("up", "-d")
    until("the old stack answers", lambda: answers(url), 60)
    report("the way back: the old container answers after", f"{time.monotonic() - start:.1f} s")
    assert python_stack.kept("of-python") == "weights"
    volumes = docker("volume", "ls", "--format", "{{.Name}}").split()
    assert {f"{PROJECT_NAME}_{name}" for name in ("models", "voices", "logs")} <= set(volumes), "kept for the next try"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def logs(inside: Supervised, program: str) -> str:
    return inside.exec("sh", "-c", f"cat /var/log/supervisor/{program}*")


def recording() -> bytes:
    """Two seconds of a tone as WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24000)
        samples = (int(8000 * math.sin(2 * math.pi * 220 * i / 24000)) for i in range(48000))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return buffer.getvalue()
