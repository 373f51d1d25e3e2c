#!/usr/bin/env python3
"""Measures the road between the server and an engine.

    measure_road.py apis URL PID       vLLM's completions against its token API (vLLM needs --enable-scale-out)
    measure_road.py priority URL       first tokens of live streams beside jobs, without and with priority
    measure_road.py handshake URL      new connections against kept ones, plain and with TLS
    measure_road.py frames URL         frames that a checkpoint that errs loses, without and with the mask of svara-vllm

URL is the root of a vLLM with the tiny checkpoint, or of `svara-bench serve-fake --ttft-ms 0` for the handshakes, such
as http://127.0.0.1:8000. PID is vLLM's API process: CPU time is that of this process alone, without the engine's. All
ways alternate within one run, so that other load on the machine meets them alike. For `priority`, vLLM runs with
`--scheduling-policy priority` and fewer `--max-num-seqs` than there are jobs. For `frames`, it runs with
`--logits-processors svara_vllm:FrameMask` and a checkpoint made with `--wrong-slots` and `--early-ends`. Needs httpx;
`handshake` needs openssl.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

END_OF_SPEECH, FIRST_TEXT = 128258, 300
FIRST_AUDIO, CODES, SLOTS = 128266, 4096, 7
PROMPT_START, PROMPT_END = [128000, 128259, 156939], [128260, 128009, 128261, 128257]
TOKENS = 7 * 60
ROUNDS = 3


def completions(model: str, prompt: list[int]) -> tuple[str, dict[str, Any]]:
    body = {"model": model, "prompt": prompt, "stream": True, "max_tokens": TOKENS, "temperature": 0.0}
    body |= {"stop_token_ids": [END_OF_SPEECH], "return_token_ids": True, "stream_interval": 7}
    return "/v1/completions", body | {"skip_special_tokens": False, "ignore_eos": True}


def generate(model: str, prompt: list[int]) -> tuple[str, dict[str, Any]]:
    sampling = {"max_tokens": TOKENS, "temperature": 0.0, "stop_token_ids": [END_OF_SPEECH], "stream_interval": 7}
    sampling |= {"detokenize": False, "ignore_eos": True}
    return "/inference/v1/generate", {"model": model, "token_ids": prompt, "stream": True, "sampling_params": sampling}


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def stream(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> tuple[float, int]:
    """Seconds to the first tokens, and all tokens."""
    start, first, tokens = time.perf_counter(), None, 0
    async with client.stream("POST", url, json=body) as response:
        if response.status_code != 200:
            raise SystemExit(f"{url}: status {response.status_code}: {(await response.aread()).decode()[:300]}")
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                ids = json.loads(line[6:])["choices"][0].get("token_ids") or []
                if ids and first is None:
                    first = time.perf_counter() - start
                tokens += len(ids)
    return first or float("nan"), tokens


async def apis(root: str, pid: int, seconds: float) -> None:
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=64)) as client:
        model = (await client.get(f"{root}/v1/models")).json()["data"][0]["id"]

        async def run(way: Any, streams: int, first_text: int) -> tuple[float, list[float], int]:
            until, firsts, tokens = time.monotonic() + seconds, [], 0

            async def worker(number: int) -> None:
                nonlocal tokens
                while time.monotonic() < until:
                    words = [first_text + (number * 7 + i) % 100 for i in range(70)]
                    path, body = way(model, PROMPT_START + words + PROMPT_END)
                    first, count = await stream(client, root + path, body)
                    firsts.append(first)
                    tokens += count

            before = cpu_seconds(pid)
            await asyncio.gather(*[worker(number) for number in range(streams)])
            return cpu_seconds(pid) - before, firsts, tokens

        for way in (completions, generate):
            await stream(client, root + way(model, [1])[0], way(model, PROMPT_START + [FIRST_TEXT] + PROMPT_END)[1])
        for streams in (1, 16):
            sums: dict[Any, tuple[float, list[float], int]] = {}
            for _ in range(ROUNDS):
                for way in (completions, generate):
                    cpu, firsts, tokens = await run(way, streams, FIRST_TEXT)
                    was = sums.get(way, (0.0, [], 0))
                    sums[way] = (was[0] + cpu, was[1] + firsts, was[2] + tokens)
            for way, (cpu, firsts, tokens) in sums.items():
                median, cost = 1000 * statistics.median(firsts), 1e6 * cpu / tokens
                print(
                    f"{streams:3} streams, {way.__name__:11}: {cost:7.1f} ms of CPU for 1000 tokens, "
                    f"first tokens after {median:6.1f} ms (median of {len(firsts)}), {tokens} tokens",
                    flush=True,
                )


async def priority(root: str, live: int, jobs: int, seconds: float) -> None:
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=live + jobs)) as client:
        model = (await client.get(f"{root}/v1/models")).json()["data"][0]["id"]

        async def ask(tokens: int, urgency: int, number: int) -> float:
            words = [FIRST_TEXT + (number * 7 + i) % 100 for i in range(70)]
            path, body = completions(model, PROMPT_START + words + PROMPT_END)
            return (await stream(client, root + path, body | {"max_tokens": tokens, "priority": urgency}))[0]

        async def forever(number: int, urgency: int) -> None:
            while True:
                await ask(TOKENS, urgency, number)

        async def listeners(until: float) -> list[float]:
            async def listener(number: int) -> list[float]:
                firsts = []
                while time.monotonic() < until:
                    firsts.append(await ask(7 * 12, 0, number))
                return firsts

            return sum(await asyncio.gather(*[listener(number) for number in range(live)]), [])

        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, running, urgency in (("alone", 0, 0), ("as they come", jobs, 0), ("by priority", jobs, 3)):
                others = [asyncio.create_task(forever(100 + number, urgency)) for number in range(running)]
                if others:
                    await asyncio.sleep(3)  # until vLLM is full, and others wait
                found.setdefault(name, []).extend(await listeners(time.monotonic() + seconds))
                for other in others:
                    other.cancel()
                await asyncio.gather(*others, return_exceptions=True)
        for name, firsts in found.items():
            cut = statistics.quantiles(firsts, n=20)
            print(
                f"{name:13}: first tokens after {1000 * cut[9]:7.0f} ms (p50), {1000 * cut[18]:7.0f} ms (p95), "
                f"{len(firsts)} live streams",
                flush=True,
            )


def whole_frames(tokens: list[int]) -> int:
    """Frames of which every token is in its slot. Behind a wrong token, the next of slot 0 begins one."""
    slots = [(token - FIRST_AUDIO) // CODES for token in tokens]
    frame, whole, at = list(range(SLOTS)), 0, 0
    while at < len(slots):
        is_whole = slots[at : at + SLOTS] == frame
        whole += is_whole
        at += SLOTS if is_whole else 1
    return whole


async def frames(root: str, many: int, streams: int) -> None:
    async with httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=streams)) as client:
        model = (await client.get(f"{root}/v1/models")).json()["data"][0]["id"]
        asked = {"vllm_xargs": {"snac_first_audio_token": FIRST_AUDIO, "snac_codebook_size": CODES}}
        # Sampled from all tokens, so that the errors have the rates that the checkpoint was made with.
        sampling = {"temperature": 1.0, "max_tokens": SLOTS * 150, "stream": False}
        for name, mask, enough in (("without", {}, many // 30), ("with", asked, many)):
            tokens = answers = whole = torn = 0

            async def worker(number: int) -> None:
                nonlocal tokens, answers, whole, torn
                asks = 0
                while tokens < SLOTS * enough:
                    words = [FIRST_TEXT + (number * 7 + asks + i) % 100 for i in range(140)]
                    path, body = completions(model, PROMPT_START + words + PROMPT_END)
                    body |= sampling | mask
                    del body["ignore_eos"]
                    response = await client.post(root + path, json=body)
                    response.raise_for_status()
                    ids = response.json()["choices"][0]["token_ids"]
                    ids = ids[:-1] if ids[-1:] == [END_OF_SPEECH] else ids
                    asks, answers, tokens = asks + 1, answers + 1, tokens + len(ids)
                    whole += whole_frames(ids)
                    torn += len(ids) % SLOTS != 0

            await asyncio.gather(*[worker(number) for number in range(streams)])
            lost = tokens / SLOTS - whole
            print(
                f"{name:7} the mask: {tokens / SLOTS:9.0f} frames' worth of tokens in {answers} answers, "
                f"{lost:.0f} lost ({100 * lost * SLOTS / tokens:.2f} %), {torn} ends inside a frame",
                flush=True,
            )


async def terminate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """One connection of a TLS endpoint."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            sink.close()

    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))


async def handshake(root: str, requests: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        cert, key = Path(directory) / "cert.pem", Path(directory) / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost"]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
        trusting = ssl.create_default_context(cafile=str(cert))
    port = int(root.rsplit(":", 1)[1])
    connections: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.create_task(terminate(reader, writer, port)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    secure = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    path, body = completions("", PROMPT_START + [FIRST_TEXT] * 20 + PROMPT_END)
    async with httpx.AsyncClient() as client:
        body["model"] = (await client.get(f"{root}/v1/models")).json()["data"][0]["id"]
    times: dict[str, list[float]] = {}
    clients = {
        "kept": httpx.AsyncClient(verify=trusting, timeout=60),
        "new": httpx.AsyncClient(verify=trusting, timeout=60, limits=httpx.Limits(max_keepalive_connections=0)),
    }
    for _ in range(requests):
        for name, base in (("plain", root), ("TLS", secure)):
            for kind, client in clients.items():
                first, _ = await stream(client, base + path, body)
                times.setdefault(f"{name}, {kind}", []).append(first)
    for client in clients.values():
        await client.aclose()
    server.close()
    await asyncio.gather(*connections)
    for name, values in times.items():
        tenth, median = (1000 * statistics.quantiles(values, n=10)[at] for at in (0, 4))
        print(f"{name:12}: first tokens after {tenth:6.2f} ms (p10), {median:6.2f} ms (p50), {len(values)} requests")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    measured = commands.add_parser("apis")
    measured.add_argument("url")
    measured.add_argument("pid", type=int)
    measured.add_argument("--seconds", type=float, default=20)
    ordered = commands.add_parser("priority")
    ordered.add_argument("url")
    ordered.add_argument("--live", type=int, default=4)
    ordered.add_argument("--jobs", type=int, default=24)
    ordered.add_argument("--seconds", type=float, default=15)
    shaken = commands.add_parser("handshake")
    shaken.add_argument("url")
    shaken.add_argument("--requests", type=int, default=200)
    erring = commands.add_parser("frames")
    erring.add_argument("url")
    erring.add_argument("--frames", type=int, default=100_000)
    erring.add_argument("--streams", type=int, default=64)
    args = parser.parse_args()
    root = args.url.rstrip("/")
    if args.command == "apis":
        asyncio.run(apis(root, args.pid, args.seconds))
    elif args.command == "priority":
        asyncio.run(priority(root, args.live, args.jobs, args.seconds))
    elif args.command == "frames":
        asyncio.run(frames(root, args.frames, args.streams))
    else:
        asyncio.run(handshake(root, args.requests))


if __name__ == "__main__":
    main()
