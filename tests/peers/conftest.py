"""Fixtures: one vLLM for the whole run, and our server in front of it with various settings."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chromium import chromium, complaints
from orderly_end import end_in_order
from playground import open_playground
from processes import PATIENCE_S
from programs import PROJECT
from server_peer import DEMO, Engine, Server, Settings, changed, settings_for_vllm
from vllm_peer import Vllm

StartServer = Callable[..., Server]

# What a page does at once on an idle machine may take more than the default of 5 s beside a vLLM.
expect.set_options(timeout=1000 * PATIENCE_S)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "vllm: needs a real vLLM; set here. The others can run beside them")
    config.addinivalue_line("markers", "browser: needs Chromium; set here")
    config.addinivalue_line("markers", "kills_vllm: runs last, so that vLLM needn't start twice")
    end_in_order()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("kills_vllm") is not None)
    for item in items:
        if uses_vllm(item):
            item.add_marker(pytest.mark.vllm)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def uses_vllm(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    engine = callspec.params.get("engine") if callspec else None
    return engine == "vllm" or "one_vllm" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def one_vllm(logs: Path) -> Iterator[Vllm]:
    vllm = Vllm(logs / "vllm.log")
    yield vllm
    vllm.kill()


@pytest.fixture
def vllm(one_vllm: Vllm) -> Vllm:
    """A real vLLM that serves the tiny checkpoint; ready at the start of each test."""
    one_vllm.ensure_started()
    return one_vllm


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Starts servers with the given settings. They stop with the module, and must exit cleanly."""
    servers: list[Server] = []

    def start(settings: Settings, *arguments: str, ready: bool = True) -> Server:
        server = Server(tmp_path_factory.mktemp("server"), settings, arguments)
        server.wait_ready() if ready else server.wait_listening()
        servers.append(server)
        return server

    yield start
    with contextlib.ExitStack() as all_of_them:
        for server in servers:
            # One that doesn't stop as it should keeps no other from being stopped.
            all_of_them.callback(server.stop)


@pytest.fixture(scope="module", params=["demo", "vllm"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """For tests that apply to both backends: the demo voice, then a real vLLM."""
    if request.param == "demo":
        return DEMO
    vllm: Vllm = request.getfixturevalue("one_vllm")
    vllm.ensure_started()
    return Engine(settings_for_vllm(vllm.base_url), vllm=vllm)


@pytest.fixture(scope="module")
def demo_server(start_server: StartServer) -> Server:
    """Our server with the demo voice."""
    return start_server(DEMO.settings, *DEMO.arguments)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launch:
        yield launch()


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """The examples, served by another origin than the server's."""
    handler = partial(SimpleHTTPRequestHandler, directory=PROJECT / "examples")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def jobs_server(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Our server with the demo voice, which keeps jobs."""
    return start_server(changed(DEMO.settings, jobs={"store": str(tmp_path_factory.mktemp("jobs"))}), *DEMO.arguments)


@pytest.fixture
def jobs_playground(browser: Browser, jobs_server: Server) -> Iterator[Page]:
    """Its playground; the console may have no errors."""
    page = open_playground(browser, jobs_server.root)
    errors = complaints(page, jobs_server.root)
    yield page
    page.close()
    assert not errors


@pytest.fixture
def playground(browser: Browser, demo_server: Server) -> Iterator[Page]:
    """The playground of the demo voice, ready to speak English; its console may have no errors."""
    page = open_playground(browser, demo_server.root)
    errors = complaints(page, demo_server.root)
    yield page
    page.close()
    assert not errors


@pytest.fixture(scope="module")
def server(one_vllm: Vllm, start_server: StartServer) -> Server:
    """Our server in front of vLLM, with the small codec."""
    one_vllm.ensure_started()
    return start_server(settings_for_vllm(one_vllm.base_url))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds the logs of the processes to the report of a failure."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            service = getattr(value, "service", None)
            if service is not None:
                report.sections.append((service.name, service.tail()))
    return report
