"""Score normalization on the public test pairs of NVIDIA's NeMo-text-processing (Apache-2.0).

Nothing of NeMo is in this repository: give the path of a checkout.

    git clone https://github.com/NVIDIA/NeMo-text-processing
    scripts/score_nemo_pairs.py NeMo-text-processing [--show money]

A pair agrees if both sides sound the same: letter case, candrabindu, nukta spellings, punctuation, white space, and the
regular differences of English usage (the "and" of numbers, "the fifteenth of", "a m") don't count. Differences of
policy do: NeMo says house numbers digit by digit, spells URLs out, and reads English numbers the American way.
"""

import argparse
import re
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HINDI_SPELLINGS = [("छः", "छह"), ("रुपए", "रुपये"), ("अट्ठारह", "अठारह"), ("फ़", "फ"), ("ज़", "ज"), ("ड़", "ड"), ("ढ़", "ढ")]
HINDI_NUMBERS = [("नबे", "नवे"), ("उन्नासी", "उन्यासी"), ("अट्ठासी", "अठासी"), ("अट्ठहत्तर", "अठहत्तर"), ("अड़सठ", "अडसठ")]


def sound(text: str, language: str) -> str:
    text = unicodedata.normalize("NFD", text).lower().replace("ँ", "ं")
    if language == "hi":
        for a, b in HINDI_SPELLINGS + HINDI_NUMBERS:
            text = text.replace(unicodedata.normalize("NFD", a), unicodedata.normalize("NFD", b))
        text = re.sub("नबे\\b", "नवे", text)
    text = re.sub("[\u200b-\u200f\u202a-\u202e]", "", text)
    text = re.sub("[-–—,.:;।\"'()]", " ", text)
    if language == "en":
        text = re.sub(r"\b(and|the|of|dash|hyphen)\b", " ", text)
        text = re.sub(r"\b([ap]) m\b", r"\1m", text)
        for a, b in [("meter", "metre"), ("liter", "litre"), ("https colon slash slash", ""), ("http colon slash slash", "")]:
            text = text.replace(a, b)
    return " ".join(text.split())


def pairs(checkout: Path, language: str):
    folder = checkout / "tests/nemo_text_processing" / language / "data_text_normalization"
    for file in sorted(folder.glob("test_cases_*.txt")):
        kind = file.stem.removeprefix("test_cases_")
        if kind == "normalize_with_audio":
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            written, *spoken = line.split("~")[:2]
            if spoken and written.strip() and "\t" not in written:
                yield kind, written, spoken[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--language", choices=["hi", "en"], help="default: both")
    parser.add_argument("--show", metavar="KIND", help="print the pairs of a kind that differ (or 'all')")
    args = parser.parse_args()
    for language in [args.language] if args.language else ["hi", "en"]:
        cases = list(pairs(args.checkout, language))
        if not cases:
            raise SystemExit(f"no pairs of {language} in {args.checkout}")
        command = ["cargo", "run", "-q", "-p", "svara-text", "--example", "normalize_lines"]
        lines = "".join(f"{language}\t{written}\n" for _, written, _ in cases)
        out = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        said = out.split("\n")[: len(cases)]
        right, total = Counter(), Counter()
        for (kind, written, expected), ours in zip(cases, said, strict=True):
            total[kind] += 1
            if sound(ours, language) == sound(expected, language):
                right[kind] += 1
            elif args.show in (kind, "all"):
                print(f"{kind} {written}\n     is {ours}\n  wants {expected}")
        for kind in total:
            print(f"{language} {kind}: {right[kind]} of {total[kind]}")
        print(f"{language} all: {right.total()} of {total.total()} ({right.total() / total.total():.1%})")


if __name__ == "__main__":
    main()
