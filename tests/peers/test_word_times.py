"""Peer: espeak-ng. The server's word times, against what espeak-ng's library says of the same speech."""

from __future__ import annotations

import re
import subprocess

import httpx
import numpy as np
import pytest

import espeak_words
from conftest import StartServer
from server_peer import DEMO, Server

# The voice of the server, espeak-ng's name of it, and a text of one piece. Nothing was tuned on these texts.
TEXTS = [
    ("hi_female", "hi+f2", "मेरे घर के पीछे एक छोटा सा बगीचा है, जहाँ हर शाम पक्षी आते हैं। माँ उन्हें दाना डालती हैं।"),
    ("hi_male", "hi+m3", "रेलगाड़ी स्टेशन पर देर से पहुँची, लेकिन किसी ने शिकायत नहीं की।"),
    ("en_female", "en-us+f2", "Please leave your umbrella by the door, and come inside. Dinner is almost ready."),
    ("en_male", "en-us+m3", "The old bridge was repaired last summer, but heavy trucks still have to take the longer road."),
    ("ta_female", "ta+f2", "நேற்று மாலை கடற்கரைக்கு சென்றோம், அங்கே காற்று மிகவும் குளிர்ச்சியாக இருந்தது."),
    ("bn_male", "bn+m3", "আমাদের বাড়ির পাশে একটি নদী আছে, সেখানে ছেলেরা সাঁতার কাটে। বর্ষাকালে জল অনেক বাড়ে।"),
    ("te_female", "te+f2", "నిన్న రాత్రి గట్టిగా వాన కురిసింది, ఉదయం రోడ్లన్నీ నీటితో నిండిపోయాయి."),
    ("mr_male", "mr+m3", "आमच्या गावात दर सोमवारी बाजार भरतो, तिथे ताजी भाजी मिळते. आजी नेहमी लवकर जाते."),
    ("kn_female", "kn+f2", "ನಾಳೆ ನಮ್ಮ ಊರಿನಲ್ಲಿ ಜಾತ್ರೆ ನಡೆಯುತ್ತದೆ, ಎಲ್ಲರೂ ಹೊಸ ಬಟ್ಟೆ ಹಾಕಿಕೊಳ್ಳುತ್ತಾರೆ."),
    ("pa_male", "pa+m3", "ਮੇਰਾ ਭਰਾ ਸਵੇਰੇ ਖੇਤ ਨੂੰ ਜਾਂਦਾ ਹੈ, ਅਤੇ ਸ਼ਾਮ ਨੂੰ ਵਾਪਸ ਆਉਂਦਾ ਹੈ।"),
]


@pytest.fixture(scope="module")
def demo(start_server: StartServer) -> Server:
    return start_server(DEMO.settings, *DEMO.arguments)


def times_of(demo: Server, text: str, voice: str, **fields: object) -> dict[int, float]:
    """When each word begins, in seconds, by the place of its first character in the text."""
    body = {"text": text, "voice": voice, "stream": False, "timestamps": "word", "text_normalization": "off"}
    response = httpx.post(f"{demo.root}/v1/text-to-speech", json=body | fields, timeout=60)
    assert response.status_code == 200, response.text
    return {word["typed_start"]: word["start"] for word in response.json()["words"]}


def errors_ms(times: dict[int, float], words: dict[int, float], slower: float = 1.0) -> list[float]:
    return [(times[at] - words[at] * slower) * 1000 for at in words if at in times]


def test_the_library_speaks_like_the_program() -> None:
    voice, text = TEXTS[0][1:]
    command = ["espeak-ng", "-v", voice, "-s", "150", "-b", "1", "--stdin", "--stdout"]
    wav = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    spoken = espeak_words.speak(text, voice)
    assert np.array_equal(np.frombuffer(wav[44:], "<i2"), spoken.samples)
    assert len(spoken.words) >= len(text.split()) - 1, spoken.words


def test_words_begin_when_they_are_heard(demo: Server) -> None:
    all_errors: list[float] = []
    for voice, espeak_voice, text in TEXTS:
        errors = errors_ms(times_of(demo, text, voice), espeak_words.speak(text, espeak_voice).words)
        assert len(errors) >= 0.8 * len(text.split()), f"{voice}: only {len(errors)} words are compared"
        print(f"{voice}: {len(errors)} words, {np.mean(np.abs(errors)):.0f} ms, bias {np.mean(errors):.0f} ms")
        all_errors += errors
    off = np.abs(all_errors)
    mean, p95 = np.mean(off), np.percentile(off, 95)
    print(f"{len(off)} words: mean {mean:.1f} ms, p95 {p95:.0f} ms, at most {off.max():.0f} ms")
    assert mean <= 40 and p95 <= 110, f"mean {mean:.1f} ms, p95 {p95:.0f} ms"


def test_slow_speech_has_slow_times(demo: Server) -> None:
    voice, espeak_voice, text = TEXTS[3]
    times = times_of(demo, text, voice, speed=0.5)
    off = np.abs(errors_ms(times, espeak_words.speak(text, espeak_voice).words, slower=2.0))
    assert off.mean() <= 80, off


def test_elevenlabs_alignment_is_heard_too(demo: Server) -> None:
    voice, espeak_voice, text = TEXTS[2]
    url = f"{demo.root}/v1/text-to-speech/{voice}/with-timestamps"
    response = httpx.post(url, json={"text": text, "apply_text_normalization": "off"}, timeout=60)
    assert response.status_code == 200, response.text
    alignment = response.json()["alignment"]
    assert "".join(alignment["characters"]) == text
    starts = alignment["character_start_times_seconds"]
    times = {word.start(): starts[word.start()] for word in re.finditer(r"\S+", text)}
    assert np.mean(np.abs(errors_ms(times, espeak_words.speak(text, espeak_voice).words))) <= 40
