"""Lints and renders the chart with supported values, and validates the result against the schemas of Kubernetes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
CHART = PROJECT / "deploy/helm/svara-tts"
HELM = Path(sys.prefix) / "bin/helm"
KUBERNETES = ["1.30", "1.37"]

OPEN = ["auth.allowOpen=true"]
KEYS = ["auth.keysSecret=keys"]
INSTALLATIONS: dict[str, list[str]] = {
    "smallest": OPEN,
    "keys": KEYS,
    "everything": [
        *KEYS,
        "autoscaling.enabled=true",
        "serviceMonitor.enabled=true",
        "serviceMonitor.labels.release=prometheus",
        "ingress.enabled=true",
        "ingress.host=tts.example.org",
        "ingress.tlsSecret=tls",
        "voices.store=s3://bucket/voices",
        "voices.credentialsSecret=s3",
        "model.tokenSecret=hub",
        "model.endpoint=https://hub.example.org",
        "engine.apiKeySecret=engine",
        "vllm.gpus=2",
        "vllm.replicas=3",
        "vllm.storage.className=fast",
        "router.policy=power_of_two",
        "networkPolicy.serverFrom[0].namespaceSelector.matchLabels.name=web",
        "networkPolicy.serverTo[0].ports[0].port=4318",
        "server.env[0].name=LOG_LEVEL",
        "server.env[0].value=INFO",
    ],
    "engine elsewhere": [*KEYS, "engine.url=http://vllm-router-service:80/v1", "serviceMonitor.enabled=true"],
    "no GPU": [*OPEN, "vllm.gpus=0"],
}


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, timeout=60)


def sets(values: list[str]) -> list[str]:
    return [argument for value in values for argument in ("--set", value)]


def render(values: list[str], release: str = "tts") -> list[dict[str, Any]]:
    done = helm("template", release, str(CHART), "--namespace", "speech", *sets(values))
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def find(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_lint(values: list[str]) -> None:
    done = helm("lint", "--strict", str(CHART), *sets(values))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_what_is_rendered_is_valid(values: list[str], version: str) -> None:
    documents = render(values)
    names = [(d["kind"], d["metadata"]["name"]) for d in documents]
    assert len(set(names)) == len(names), "each once"
    for document in documents:
        if document["kind"] != "ServiceMonitor":  # a resource of Prometheus Operator, without a schema here
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_selectors_find_the_pods_they_mean(values: list[str]) -> None:
    documents = render(values)
    pods = {
        d["metadata"]["name"]: d["spec"]["template"]["metadata"]["labels"]
        for d in documents
        if d["kind"] in ("Deployment", "StatefulSet")
    }
    for document in documents:
        spec = document.get("spec", {})
        selector = {
            "Service": lambda s: s["selector"],
            "PodDisruptionBudget": lambda s: s["selector"]["matchLabels"],
            "NetworkPolicy": lambda s: s["podSelector"]["matchLabels"],
        }.get(document["kind"])
        if selector is not None:
            wanted = selector(spec).items()
            found = [name for name, labels in pods.items() if wanted <= labels.items()]
            assert len(found) == 1, f"{document['kind']} {document['metadata']['name']}: {found}"


@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_no_container_may_more_than_it_needs(values: list[str]) -> None:
    for document in render(values):
        if document["kind"] in ("Deployment", "StatefulSet"):
            pod = document["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"]
            for container in pod["containers"] + pod.get("initContainers", []):
                security = container["securityContext"]
                assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
                assert security["capabilities"] == {"drop": ["ALL"]}
                assert container["resources"]["requests"] and container["resources"]["limits"]


@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_no_pod_may_connect_to_anything_but_what_it_needs(values: list[str]) -> None:
    policies = [document for document in render(values) if document["kind"] == "NetworkPolicy"]
    assert policies
    for policy in policies:
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        for rule in policy["spec"]["egress"]:
            # Ports of any address, or addresses without the metadata service.
            ports = [port["port"] for port in rule.get("ports", [])]
            blocks = [peer["ipBlock"] for peer in rule.get("to", []) if "ipBlock" in peer]
            assert ports or blocks
            assert all(block["except"] for block in blocks)
    server = find(policies, "NetworkPolicy", "tts-svara-tts-server")["spec"]["egress"]
    ports = {port["port"] for rule in server for port in rule.get("ports", [])}
    assert {53, 443} <= ports
    assert (4318 in ports) == any("serverTo" in value for value in values)


def test_router_finds_the_engines_by_their_labels() -> None:
    documents = render(OPEN)
    router = find(documents, "Deployment", "tts-svara-tts-router")["spec"]["template"]["spec"]["containers"][0]
    arguments = router["args"]
    selector = dict(pair.split("=") for pair in arguments[arguments.index("--selector") + 1 :])
    engines = find(documents, "StatefulSet", "tts-svara-tts-vllm")["spec"]["template"]["metadata"]["labels"]
    assert selector.items() <= engines.items()
    assert "--service-discovery-namespace=speech" in arguments


def test_an_engine_elsewhere_brings_none_of_our_own() -> None:
    documents = render(INSTALLATIONS["engine elsewhere"])
    assert not [d for d in documents if d["kind"] in ("StatefulSet", "Role")]
    server = find(documents, "Deployment", "tts-svara-tts-server")["spec"]["template"]["spec"]["containers"][0]
    variables = {entry["name"]: entry.get("value") for entry in server["env"]}
    assert variables["VLLM_BASE_URL"] == "http://vllm-router-service:80/v1"


def test_the_server_asks_the_router_and_the_router_the_engines_where_they_listen() -> None:
    documents = render(OPEN)

    def container(kind: str, name: str) -> dict[str, Any]:
        return find(documents, kind, f"tts-svara-tts-{name}")["spec"]["template"]["spec"]["containers"][0]

    def port(name: str, kind: str) -> int:
        """The `http` port of a Service, or of the pods behind it."""
        ports = find(documents, "Service", f"tts-svara-tts-{name}")["spec"]["ports"]
        if kind != "Service":
            ports = [{"name": p["name"], "port": p["containerPort"]} for p in container(kind, name)["ports"]]
        (found,) = [p["port"] for p in ports if p["name"] == "http"]
        return found

    server, vllm = (
        {entry["name"]: entry.get("value") for entry in container(kind, name)["env"]}
        for kind, name in (("Deployment", "server"), ("StatefulSet", "vllm"))
    )
    router = dict(argument.split("=") for argument in container("Deployment", "router")["args"] if "port=" in argument)
    assert server["VLLM_BASE_URL"] == f"http://tts-svara-tts-router:{port('router', 'Service')}/v1"
    assert int(router["--port"]) == port("router", "Deployment")
    assert int(router["--service-discovery-port"]) == port("vllm", "StatefulSet") == port("vllm", "Service")
    assert int(vllm["VLLM_PORT"]) == port("vllm", "StatefulSet")


def test_drain_fits_into_the_time_that_kubernetes_gives() -> None:
    documents = render([*OPEN, "server.config.server.drain_seconds=90"])
    pod = find(documents, "Deployment", "tts-svara-tts-server")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= 90 + 5


def test_the_ingress_waits_longer_than_a_socket_may_be_silent() -> None:
    ingress = [*OPEN, "ingress.enabled=true", "ingress.host=tts.example.org"]

    def waits(values: list[str]) -> int:
        annotations = find(render(values), "Ingress", "tts-svara-tts")["metadata"]["annotations"]
        return int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"])

    shipped = (PROJECT / "config/server.toml").read_text()
    (idle_s,) = re.findall(r"^socket_idle_seconds = (\d+)", shipped, re.MULTILINE)
    assert waits(ingress) > int(idle_s)
    assert waits([*ingress, "server.config.limits.socket_idle_seconds=1200"]) > 1200


def test_an_ingress_whose_address_is_not_known_is_noted() -> None:
    def notes(values: list[str]) -> str:
        done = helm("install", "tts", str(CHART), "--dry-run=client", *sets([*OPEN, *values]))
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("NOTES:")[2]

    ingress = ["ingress.enabled=true", "ingress.host=tts.example.org"]
    assert "trusted_proxies" in notes(ingress)
    assert "trusted_proxies" not in notes([*ingress, "server.config.server.trusted_proxies={10.0.0.0/8}"])
    assert "trusted_proxies" not in notes([])


def test_configuration_keeps_the_kinds_of_its_values() -> None:
    documents = render([*OPEN, "server.config.decoder.max_streams=48", "server.config.log.format=json"])
    text = find(documents, "ConfigMap", "tts-svara-tts-server")["data"]["server.toml"]
    assert "max_streams = 48\n" in text and 'format = "json"' in text


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([], "auth.keysSecret"),
        ([*OPEN, "server.device=gpu"], "device"),
        ([*OPEN, "sever.replicas=2"], "sever"),
        ([*OPEN, "voices.store=/data"], "store"),
        ([*OPEN, "engine.url=vllm:8000"], "url"),
        ([*OPEN, "server.config.engine.base_url=http://vllm:8000/v1"], "engine.url"),
        ([*OPEN, "ingress.enabled=true"], "ingress.host"),
        ([*OPEN, "router.policy=fastest"], "policy"),
        ([*OPEN, "server.config.server.tls_cert=/tls/tls.crt"], "ingress.tlsSecret"),
        ([*OPEN, "server.env[0].name=SVARA_TLS_CERT", "server.env[0].value=/tls/tls.crt"], "ingress.tlsSecret"),
    ],
)
def test_wrong_values_are_refused_by_name(values: list[str], named: str) -> None:
    done = helm("template", "tts", str(CHART), *sets(values))
    assert done.returncode != 0
    assert named in done.stderr
