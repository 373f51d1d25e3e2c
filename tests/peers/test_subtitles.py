"""Peers: ffprobe and ffmpeg. They read our subtitles."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from conftest import StartServer
from server_peer import DEMO, Server, changed

TEXT = (
    "Please leave your umbrella by the door, and come inside. Dinner is almost ready. "
    "The old bridge was repaired last summer, but heavy trucks still have to take the longer road around the lake. "
    "Tom & Jerry know that 3 < 4."
)
CODECS = {"srt": "subrip", "vtt": "webvtt"}


@pytest.fixture(scope="module")
def demo(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    settings = changed(DEMO.settings, jobs={"store": str(tmp_path_factory.mktemp("jobs"))})
    return start_server(settings, *DEMO.arguments)


def packets(path: Path) -> list[tuple[float, float]]:
    """When each cue begins and how long it is, as ffprobe reads it."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_packets", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    read = json.loads(result.stdout)
    assert [stream["codec_name"] for stream in read["streams"]] == [CODECS[path.suffix[1:]]]
    return [(float(packet["pts_time"]), float(packet["duration_time"])) for packet in read["packets"]]


def words_of(path: Path) -> list[str]:
    """The words as ffmpeg writes them in SRT."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "srt", "pipe:1"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    cues = result.stdout.strip().split("\n\n")
    return [word for cue in cues for line in cue.split("\n")[2:] for word in line.split()]


@pytest.mark.parametrize("subtitles", CODECS)
def test_ffmpeg_reads_what_is_spoken(demo: Server, tmp_path: Path, subtitles: str) -> None:
    body = {"text": TEXT, "voice": "en_female", "stream": False, "response_format": "wav"}
    words = httpx.post(f"{demo.root}/v1/text-to-speech", json=body | {"timestamps": "word"}, timeout=60).json()["words"]
    response = httpx.post(f"{demo.root}/v1/text-to-speech", json=body | {"timestamps_format": subtitles}, timeout=60)
    assert response.status_code == 200, response.text
    path = tmp_path / f"spoken.{subtitles}"
    path.write_text(response.json()["subtitles"])
    cues = packets(path)
    assert len(cues) >= 5, cues
    ends = [start + duration for start, duration in cues]
    assert all(end <= start + 0.0011 for end, (start, _) in zip(ends, cues[1:])), "cues don't overlap"
    assert abs(cues[0][0] - words[0]["start"]) < 0.002
    assert words_of(path) == [word["word"] for word in words]


@pytest.mark.parametrize("subtitles", CODECS)
def test_ffmpeg_reads_those_of_a_job(demo: Server, tmp_path: Path, subtitles: str) -> None:
    body = {"text": TEXT, "voice": "en_female", "timestamps_format": subtitles}
    job = httpx.post(f"{demo.root}/v1/jobs", json=body).raise_for_status().json()
    deadline = time.monotonic() + 60
    while job["status"] not in ("done", "failed"):
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
        job = httpx.get(f"{demo.root}/v1/jobs/{job['id']}").raise_for_status().json()
    response = httpx.get(f"{demo.root}/v1/jobs/{job['id']}/timestamps").raise_for_status()
    assert subtitles in response.headers["content-disposition"]
    path = tmp_path / f"job.{subtitles}"
    path.write_bytes(response.content)
    assert len(packets(path)) >= 5
