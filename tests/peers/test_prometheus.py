"""A real Prometheus with docker/prometheus.yml accepts our metrics, our alert rules and the dashboard's queries."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from processes import Service, free_port, status_of, wait_until
from programs import PROJECT
from server_peer import DEMO, Server

TOOLS = PROJECT / ".venv-peers/bin"
WITHIN_S = 30
# The metrics that one speech sets with any engine.
FILLED = ["svara_speech_requests_total", "svara_first_audio_seconds_bucket", "svara_decoder_frames_total"]


class Prometheus:
    """Prometheus that scrapes one server every second."""

    def __init__(self, directory: Path, server: Server) -> None:
        port = free_port()
        self.root = f"http://127.0.0.1:{port}"
        config = yaml.safe_load((PROJECT / "docker/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        rules = ["alerts.yaml", "supervisor-alerts.yaml"]
        config["rule_files"] = [str(PROJECT / "docker/grafana" / name) for name in rules]
        for job in config["scrape_configs"]:
            if job["job_name"] == "svara-tts":
                job["static_configs"] = [{"targets": [f"127.0.0.1:{server.port}"]}]
        self.config = directory / "prometheus.yml"
        self.config.write_text(yaml.safe_dump(config))
        command = [
            TOOLS / "prometheus",
            f"--config.file={self.config}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self.service = Service("prometheus", command, directory / "prometheus.log", {}, directory)
        self.service.wait_ready(lambda: status_of(f"{self.root}/-/ready") == 200, WITHIN_S)

    def ask(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{self.root}/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{parameters}: {answer}"
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        return self.ask("query", query=expression)["result"]


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(DEMO.settings, *DEMO.arguments)


@pytest.fixture(scope="module")
def prometheus(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), server)
    yield prometheus
    prometheus.service.kill()


def dashboard_expressions() -> list[str]:
    dashboard = json.loads((PROJECT / "docker/grafana/dashboard.json").read_text())
    targets = [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return [target["expr"] for target in targets]


def filled_in(expression: str) -> str:
    """Substitutes variables as Grafana does."""
    expression = expression.replace("$__rate_interval", "10s").replace("$job", ".*").replace("$instance", ".*")
    assert "$" not in expression, expression
    return expression


def test_configuration_and_rules_are_as_promtool_wants_them(prometheus: Prometheus) -> None:
    done = subprocess.run([TOOLS / "promtool", "check", "config", prometheus.config], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* rules found", done.stdout), done.stdout


def test_metrics_are_as_promtool_wants_them(server: Server) -> None:
    metrics = httpx.get(f"{server.root}/metrics").text
    done = subprocess.run([TOOLS / "promtool", "check", "metrics"], input=metrics, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_shows_a_speech_and_every_rule_can_be_evaluated(server: Server, prometheus: Prometheus) -> None:
    wait_until("scraped", lambda: [v["value"][1] for v in prometheus.query('up{job="svara-tts"}')] == ["1"], WITHIN_S)
    body = {"text": "hello world", "voice": "en_female", "response_format": "pcm"}
    assert httpx.post(f"{server.root}/v1/text-to-speech", json=body, timeout=60).status_code == 200
    expressions = dashboard_expressions()
    assert len(expressions) > 30

    def shown(name: str) -> bool:
        """Checked in each panel with such a query; a rate needs two scrapes."""
        return all(prometheus.query(filled_in(expression)) for expression in expressions if name in expression)

    for name in FILLED:
        assert any(name in expression for expression in expressions), name
        wait_until(f"{name} on the dashboard", lambda: shown(name), WITHIN_S, 0.5)
    for expression in expressions:
        prometheus.query(filled_in(expression))

    def rules() -> list[dict[str, Any]]:
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    wait_until("evaluated", lambda: all(rule["health"] != "unknown" for rule in rules()), WITHIN_S, 0.2)
    assert rules() and [rule["name"] for rule in rules() if rule["health"] != "ok"] == []
    firing = {rule["name"] for rule in rules() if rule["state"] == "firing"}
    assert not firing, firing
