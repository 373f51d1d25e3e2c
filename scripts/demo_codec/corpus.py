"""Synthetic speech to train on: random sentences spoken by espeak-ng."""

from __future__ import annotations

import random
import subprocess
import unicodedata
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch

from .network import SAMPLE_RATE

# Languages with random words in a script, by the start of its Unicode block.
SCRIPTS = {
    "hi": 0x900,
    "mr": 0x900,
    "ne": 0x900,
    "bn": 0x980,
    "as": 0x980,
    "pa": 0xA00,
    "gu": 0xA80,
    "ta": 0xB80,
    "te": 0xC00,
    "kn": 0xC80,
    "ml": 0xD00,
}
ENGLISH = """
the of and to in is you that it he was for on are as with his they be at one have this from or had by hot word but what
some we can out other were all there when up use your how said an each she which do their time if will way about many
then them write would like so these her long make thing see him two has look more day could go come did number sound no
most people my over know water than call first who may down side been now find any new work part take get place made
live where after back little only round man year came show every good me give our under name very through just form
sentence great think say help low line differ turn cause much mean before move right boy old too same tell does set
three want air well also play small end put home jazz quick brown fox jumps lazy dog thought measure vision judge church
shower zero five seven eight nine hundred thousand
""".split()
LANGUAGES = [*SCRIPTS, "en-gb", "en-us", "en-gb", "hi"]
VARIANTS = ["", "", *(f"+m{i}" for i in range(1, 8)), *(f"+f{i}" for i in range(1, 6))]


class Utterance(NamedTuple):
    number: int
    voice: str
    text: str
    pitch: int
    words_per_minute: int


def make_corpus(out: Path, utterances: int, seed: int = 7) -> None:
    rng = random.Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    chosen = [choose(i, rng) for i in range(utterances)]
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda utterance: speak(utterance, out), chosen):
            pass


def choose(number: int, rng: random.Random) -> Utterance:
    language = rng.choice(LANGUAGES)
    if language.startswith("en"):
        words = [rng.choice(ENGLISH) for _ in range(rng.randint(5, 10))]
    else:
        words = [pseudo_word(SCRIPTS[language], rng) for _ in range(rng.randint(4, 8))]
    voice = language + rng.choice(VARIANTS)
    return Utterance(number, voice, " ".join(words), rng.randint(30, 70), rng.randint(130, 185))


def pseudo_word(block: int, rng: random.Random) -> str:
    """A word of random syllables of the script whose Unicode block starts at `block`."""

    def named(first: int, end: int, kind: str = "") -> list[int]:
        names = {code: unicodedata.name(chr(code), "") for code in range(block + first, block + end)}
        return [code for code, name in names.items() if name and kind in name]

    consonants, signs = named(0x15, 0x3A), named(0x3E, 0x4D, "VOWEL SIGN")

    def syllable() -> str:
        return chr(rng.choice(consonants)) + (chr(rng.choice(signs)) if rng.random() < 0.75 else "")

    return "".join(syllable() for _ in range(rng.randint(1, 4)))


def speak(utterance: Utterance, out: Path) -> None:
    number, voice, text, pitch, speed = utterance
    espeak = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", "--stdin"]
    raw = subprocess.run(espeak, input=text.encode(), capture_output=True, check=True).stdout
    form = ["-r", str(SAMPLE_RATE), "-b", "16", "-c", "1"]
    sox = ["sox", "-q", "-t", "wav", "-", *form, str(out / f"{number:05d}.wav")]
    subprocess.run(sox, input=raw, check=True, stderr=subprocess.DEVNULL)


def read_wav(path: Path) -> torch.Tensor:
    with wave.open(str(path)) as file:
        return torch.frombuffer(bytearray(file.readframes(file.getnframes())), dtype=torch.int16)
