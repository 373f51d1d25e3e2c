"""docker/router.py, with a resolver and a router in place of the real ones; test_split.py runs it with both."""

from __future__ import annotations

import importlib.util
import json
import socket
import urllib.parse
from types import ModuleType

import pytest

from stack import PROJECT

ONE, TWO = "http://10.0.0.1:8000", "http://10.0.0.2:8000"


class Network:
    """The router, its engines, and what each was asked."""

    def __init__(self) -> None:
        self.known = {ONE, TWO}
        self.healthy = {ONE, TWO}
        self.listed: object = None

    def ask(self, url: str, method: str = "GET") -> bytes:
        parts = urllib.parse.urlsplit(url)
        if parts.path == "/health":
            if url.removesuffix("/health") not in self.healthy:
                raise ConnectionRefusedError(url)
        elif parts.path == "/list_workers":
            return json.dumps(self.listed or {"urls": sorted(self.known)}).encode()
        else:
            assert method == "POST"
            (engine,) = urllib.parse.parse_qs(parts.query)["url"]
            {"/add_worker": self.known.add, "/remove_worker": self.known.discard}[parts.path](engine)
        return b""


@pytest.fixture
def router() -> ModuleType:
    spec = importlib.util.spec_from_file_location("router", PROJECT / "docker/router.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def network(router: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(router, "ask", network.ask)
    return network


def resolver(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def fails(*_: object) -> None:
        raise socket.gaierror(error, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", fails)


@pytest.mark.parametrize("error", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM])
def test_a_resolver_that_stumbles_is_an_error(router: ModuleType, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    resolver(monkeypatch, error)
    with pytest.raises(OSError):
        router.addresses("vllm", 8000)


@pytest.mark.parametrize("error", [socket.EAI_NONAME, socket.EAI_NODATA])
def test_a_name_without_addresses_has_no_replicas(
    router: ModuleType, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    resolver(monkeypatch, error)
    assert router.addresses("vllm", 8000) == set()


def test_engines_come_and_go(router: ModuleType, network: Network) -> None:
    network.known = {ONE}
    router.follow("http://router", {TWO})
    assert network.known == {TWO}
    network.healthy = set()
    router.follow("http://router", {ONE, TWO})
    assert network.known == {TWO}, "one that doesn't answer yet isn't added"


def test_without_any_address_engines_that_answer_stay(router: ModuleType, network: Network) -> None:
    network.healthy = {ONE}
    router.follow("http://router", set())
    assert network.known == {ONE}
    network.healthy = set()
    router.follow("http://router", set())
    assert network.known == set()


@pytest.mark.parametrize("answer", [{"workers": []}, ["x"], {"urls": [1]}])
def test_an_answer_of_another_version_is_an_error_that_the_loop_catches(
    router: ModuleType, network: Network, answer: object
) -> None:
    network.listed = answer
    with pytest.raises(ValueError, match="list_workers answered"):
        router.follow("http://router", {ONE})
