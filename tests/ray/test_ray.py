"""What Ray Serve passes on, and speech while a replica dies."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import httpx

from conftest import REPLICAS, Cluster
from processes import wait_until
from reference import END_OF_SPEECH, SLOTS, prompt_ids
from server_peer import Server

WITHIN_S = 300
LISTENERS = 4
TEXT = "one two three"


def events_of(ray: Cluster, **fields: Any) -> list[dict[str, Any]]:
    """The events of a streamed completion, straight from Ray."""
    body = {"model": "svara", "prompt": prompt_ids(TEXT, "hi_female"), "stream": True, "max_tokens": 700}
    body |= {"stop_token_ids": [END_OF_SPEECH]}
    with httpx.stream("POST", f"{ray.base_url}/completions", json=body | fields, timeout=WITHIN_S) as response:
        assert response.status_code == 200, response.read()
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def test_token_ids_and_the_interval_are_passed_on(ray: Cluster) -> None:
    events = events_of(ray, return_token_ids=True, stream_interval=SLOTS, seed=1)
    sizes = [len(event["choices"][0]["token_ids"]) for event in events]
    assert set(sizes[1:-1]) == {SLOTS}, sizes
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_fields_of_the_processor_and_of_the_scheduler_are_passed_on(ray: Cluster) -> None:
    layout = {"snac_first_audio_token": 128266, "snac_codebook_size": 4096, "snac_min_frames": 0}
    events = events_of(ray, return_token_ids=True, vllm_xargs=layout, priority=1, logit_bias={str(END_OF_SPEECH): 100})
    # A model that is made to end wants to at once, and may only where a frame would begin.
    ids = [token for event in events for token in event["choices"][0]["token_ids"]]
    assert (len(ids) - ids.count(END_OF_SPEECH)) % SLOTS == 0
    wrong = {"model": "svara", "prompt": [1], "vllm_xargs": layout | {"snac_codebook_size": -1}}
    wrong |= {"stop_token_ids": [END_OF_SPEECH]}
    assert httpx.post(f"{ray.base_url}/completions", json=wrong, timeout=WITHIN_S).status_code == 400


class Listeners:
    """Each speaks the same text again and again, and counts how it went."""

    def __init__(self, root: str) -> None:
        self.url = f"{root}/v1/text-to-speech"
        self.outcomes: Counter[str] = Counter()
        self.sizes: set[int] = set()
        self.longest_s = 0.0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.listen, args=(number,)) for number in range(LISTENERS)]

    def listen(self, number: int) -> None:
        voices = ["hi_female", "ta_male", "en_female", "bn_male"]
        body = {"text": TEXT, "voice": voices[number % len(voices)], "response_format": "pcm", "stream": True}
        while not self.ended.is_set():
            start = time.monotonic()
            try:
                response = httpx.post(self.url, json=body, timeout=WITHIN_S)
            except httpx.RemoteProtocolError:
                self.outcomes["broken off"] += 1
                continue
            self.longest_s = max(self.longest_s, time.monotonic() - start)
            self.outcomes[str(response.status_code)] += 1
            if response.status_code == 200:
                self.sizes.add(len(response.content))

    def __enter__(self) -> Listeners:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def hear(self, more: int) -> None:
        """Waits until so many more speeches have been heard."""
        enough = self.outcomes["200"] + more
        wait_until(f"{more} more speeches", lambda: self.outcomes["200"] >= enough, WITHIN_S)


def test_speech_goes_on_when_a_replica_dies(ray: Cluster, server: Server) -> None:
    before = ray.replicas()
    assert len(before) == REPLICAS
    with Listeners(server.root) as listeners:
        listeners.hear(2 * LISTENERS)
        assert set(listeners.outcomes) == {"200"}, listeners.outcomes
        killed = before[0]
        for process in [*killed.children(recursive=True), killed]:
            process.kill()
        listeners.hear(4 * LISTENERS)
    print(f"replica killed under load: {dict(listeners.outcomes)}, the longest took {listeners.longest_s:.1f} s")
    # At most what the replica was speaking then is broken off, and whatever is answered as speech is whole.
    assert listeners.outcomes.total() - listeners.outcomes["200"] <= LISTENERS, listeners.outcomes
    assert len(listeners.sizes) <= LISTENERS
    replaced = lambda: killed not in (now := ray.replicas()) and len(now) == REPLICAS  # noqa: E731
    wait_until("Ray starts another replica", replaced, WITHIN_S)
