#!/usr/bin/env python3
"""Runs vllm-router over all replicas of a compose service: all addresses that the network's DNS has for its name.

    router.py --service vllm [--service-port 8000] -- [ARGUMENT OF vllm-router...]

The router itself supports a fixed list of engines or discovery in Kubernetes; compose has neither. So this program
resolves the name every --period seconds, adds new engines that are healthy, and removes those whose address is gone.
The router's own health checks handle an engine that is down but still has its address. A resolver that can't answer
removes nothing, and the last engine is removed only if it doesn't answer either.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request

TIMEOUT_S = 5.0

# There is no such name: compose's DNS answers so when no replica runs. Any other error says nothing about the replicas.
NO_REPLICAS = {socket.EAI_NONAME, socket.EAI_NODATA}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", default="vllm")
    parser.add_argument("--service-port", type=int, default=8000)
    parser.add_argument("--port", type=int, default=8000, help="where the router listens")
    parser.add_argument("--period", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("rest", nargs="*", metavar="ARGUMENT", help="for vllm-router")
    args = parser.parse_args()

    router = subprocess.Popen(["vllm-router", "--host", "0.0.0.0", "--port", str(args.port), *args.rest])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: router.send_signal(received))
    base = f"http://127.0.0.1:{args.port}"
    while router.poll() is None:
        try:
            follow(base, addresses(args.service, args.service_port))
        except (OSError, ValueError) as error:
            # The router is still starting, an engine vanished between two requests, or DNS is away: the next round retries.
            print(f"router.py: {error}", file=sys.stderr, flush=True)
        try:
            router.wait(args.period)
        except subprocess.TimeoutExpired:
            continue
    return router.returncode if router.returncode >= 0 else 128 - router.returncode


def addresses(service: str, port: int) -> set[str]:
    """The URLs of all current replicas. Raises OSError if the resolver can't tell."""
    try:
        found = socket.getaddrinfo(service, port, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno not in NO_REPLICAS:
            raise
        return set()
    return {f"http://{address[0]}:{port}" for *_, address in found}


def follow(base: str, wanted: set[str]) -> None:
    """Updates the router's list of engines to `wanted`."""
    known = workers(base)
    gone = known - wanted
    if not wanted:
        # DNS alone isn't enough to answer 503 to everybody.
        gone = {url for url in gone if not healthy(url)}
    for url in sorted(gone):
        ask(f"{base}/remove_worker?{urllib.parse.urlencode({'url': url})}", method="POST")
        print(f"router.py: {url} removed", file=sys.stderr, flush=True)
    for url in sorted(wanted - known):
        if healthy(url):
            ask(f"{base}/add_worker?{urllib.parse.urlencode({'url': url})}", method="POST")
            print(f"router.py: {url} added", file=sys.stderr, flush=True)


def workers(base: str) -> set[str]:
    """The router's engines. Raises ValueError for an answer of another kind."""
    answer = json.loads(ask(f"{base}/list_workers"))
    urls = answer.get("urls") if isinstance(answer, dict) else None
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ValueError(f"/list_workers answered {answer!r:.200}")
    return set(urls)


def healthy(url: str) -> bool:
    """Whether an engine answers."""
    try:
        ask(f"{url}/health")
    except OSError:
        return False
    return True


def ask(url: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        return answer.read()


if __name__ == "__main__":
    sys.exit(main())
