#!/usr/bin/env python3
"""Runs vllm-router over all replicas of a compose service: those that its name in the network's DNS stands for.

    router.py --service vllm [--service-port 8000] -- [ARGUMENT OF vllm-router...]

The router itself takes a fixed list of engines or Kubernetes' word; compose has neither. So the name is asked every
--period seconds: an engine that is new and says it is healthy is added, one whose address is gone is removed. One that
is down but still has its address is left to the router's own health checks.
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
            # The router is still starting, or an engine went between two questions: the next round sees.
            print(f"router.py: {error}", file=sys.stderr, flush=True)
        try:
            router.wait(args.period)
        except subprocess.TimeoutExpired:
            continue
    return router.returncode if router.returncode >= 0 else 128 - router.returncode


def addresses(service: str, port: int) -> set[str]:
    """The URLs of all replicas that the network knows now."""
    try:
        found = socket.getaddrinfo(service, port, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror:
        return set()
    return {f"http://{address[0]}:{port}" for *_, address in found}


def follow(base: str, wanted: set[str]) -> None:
    """Brings the router's list of engines in line with the network's."""
    known = set(json.loads(ask(f"{base}/list_workers"))["urls"])
    for url in sorted(known - wanted):
        ask(f"{base}/remove_worker?{urllib.parse.urlencode({'url': url})}", method="POST")
        print(f"router.py: {url} is gone", file=sys.stderr, flush=True)
    for url in sorted(wanted - known):
        if healthy(url):
            ask(f"{base}/add_worker?{urllib.parse.urlencode({'url': url})}", method="POST")
            print(f"router.py: {url} is new", file=sys.stderr, flush=True)


def healthy(url: str) -> bool:
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
