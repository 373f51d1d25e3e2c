"""Score normalization on the public test pairs of NVIDIA's NeMo-text-processing (Apache-2.0).

Nothing of NeMo is in this repository: give the path of a checkout.

    git clone https://github.com/NVIDIA/NeMo-text-processing
    scripts/score_nemo_pairs.py NeMo-text-processing [--show money]

A pair agrees if both sides sound the same: letter case, candrabindu, nukta spellings, punctuation, white space, and the
regular differences of English usage (the "and" of numbers, "the fifteenth of", "a m") don't count. Of the pairs that differ,
three kinds are told apart, each by a rule below:

* a variant: both are right. NeMo says house numbers and the numbers of IP addresses digit by digit, spells the letters of
  addresses in the script of the voice, writes English ordinals in it, and reads English numbers, dates and fractions the
  American way where India says lakh, day first and "one by four";
* a fault of the reference: a date that doesn't exist or may as well be a range, a zero that nobody typed, "21th" taken for
  no ordinal, a quantity said like a year, marks that a text keeps;
* the rest is ours.

The last line counts agreements and variants among the pairs without a fault of the reference.
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


HINDI_VARIANTS = [
    ("चौवालीस", "चवालीस"), ("पंचानवे", "पचानवे"), ("उनासी", "उन्यासी"), ("यार्ड", "गज"), ("आउन्स", "आउंस"), ("वर्ष", "साल"),
]
AMERICAN = r"\b(million|billion|trillion|quadrillion|quintillion|lakh|crore|hundred|thousand)\b"
MONTHS = "january february march april may june july august september october november december".split()


def has_variant(kind: str, written: str, ours: str, expected: str, language: str) -> bool:
    """Whether both sides are right."""
    if language == "hi":
        for a, b in HINDI_VARIANTS:
            ours, expected = ours.replace(sound(a, "hi"), sound(b, "hi")), expected.replace(sound(a, "hi"), sound(b, "hi"))
        if ours == expected:
            return True
        english_ordinal = kind == "ordinal" and re.search("[0-9](st|nd|rd|th)", written)
        # The six digits of an Indian postal code are a fault of ours.
        house = kind == "address" and not re.search(r"(?<!\d)[1-9]\d{5}(?!\d)", written)
        address = kind == "electronic" and re.search(r"@|https?:|www\.|\.(com|org|net|in|info|edu|pdf|jpg|csv)\b", written)
        ip_address = kind == "electronic" and re.search(r"\d+\.\d+\.\d+\.\d+", written)
        return bool(english_ordinal or house or address or ip_address)
    same_words = sorted(ours.split()) == sorted(expected.split())
    months = [word for word in ours.split() if word in MONTHS]
    if kind == "date" and months and (same_words or re.fullmatch(r"\d+[./]\d+[./]\d+", written)):
        return True
    if kind == "fraction" and " by " in ours:
        return True
    if kind in ("address", "measure") and re.match(r"(.*\b)?\d+ .*\b(St|Ave|Ct|Expy|hwy|ST|st)\b", written):
        return True
    if re.sub(AMERICAN, "", ours) != ours and re.search(r"\d{5}|\d,\d{3}", written) and kind in ("cardinal", "money", "ordinal", "serial", "range"):
        return True
    # The letters of addresses are said as they are typed, their numbers as numbers.
    if kind in ("electronic", "telephone") and re.search(r"@|www\.|https?:|\.com|\d+\.\d+\.\d+\.\d+", written):
        return " dot " in f" {ours} "
    # Acronyms are spelled, initials stay, "missus" is "Mrs."
    letters = re.sub(r"\b(\w) (?=\w\b)", r"\1", ours)
    return letters == re.sub(r"\b(\w) (?=\w\b)", r"\1", expected) or (kind == "whitelist" and "missus" in ours)


def is_fault(kind: str, written: str, language: str) -> bool:
    """Whether the reference is wrong, or one of several readings of a text without context."""
    if language == "hi":
        bare_date = kind == "date" and re.fullmatch(r"\d\d-\d\d", written.strip())
        quantity = kind == "ordinal" and re.fullmatch(r"\d{4}वीं", written.strip())
        # 9157114007 has no zero before it, and मा. is माननीय.
        return bool(bare_date or quantity or kind == "telephone" or written.startswith("मा."))
    wrong_mark = re.fullmatch(r"(\d*1[123](st|nd|rd)|\d*(?<!1)[123]th|\d*[04-9](st|nd|rd))", written.strip())
    # A number without a word beside it may be a year or not.
    alone = kind == "date" and re.fullmatch(r"\d{4}", written.strip())
    nowhere = kind == "date" and written.strip() == "1998/2/30"
    marks = re.search(r"``|&hi;|<pitch|\[HH|§|\(incorrect", written)
    return bool(wrong_mark or alone or nowhere or marks or written.strip() in ("13000", "123000"))


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
        right, variant, fault, total = Counter(), Counter(), Counter(), Counter()
        for (kind, written, expected), ours in zip(cases, said, strict=True):
            total[kind] += 1
            sounds = sound(ours, language), sound(expected, language)
            if sounds[0] == sounds[1]:
                right[kind] += 1
            elif is_fault(kind, written, language):
                fault[kind] += 1
            elif has_variant(kind, written, *sounds, language):
                variant[kind] += 1
            elif args.show in (kind, "all"):
                print(f"{kind} {written}\n     is {ours}\n  wants {expected}")
        for kind in total:
            told = f"{right[kind]} agree, {variant[kind]} variants, {fault[kind]} faults of the reference"
            print(f"{language} {kind}: {told}, of {total[kind]}")
        counted, good = total.total() - fault.total(), right.total() + variant.total()
        print(f"{language} all: {right.total()} agree, {variant.total()} variants, {fault.total()} faults of the reference")
        print(f"{language} without faults: {good} of {counted} ({good / counted:.1%}); agree alone: {right.total() / counted:.1%}")


if __name__ == "__main__":
    main()
