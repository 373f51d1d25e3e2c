#!/usr/bin/env python3
"""Zeroes device code in a CUDA library, so that it packs well:

    prune.py SOURCE TARGET ARCHITECTURE [--only N,N] [--max BYTES]

The code of ARCHITECTURE (90: sm_90a) stays; with --only or --max, only the modules with these numbers (cuobjdump's) and
those of at most so many bytes. Nothing moves: headers and sizes stay, and CUDA loads modules only when a kernel of
theirs is launched, so what nobody launches is never looked at.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SECTION = b".nv_fatbin"
MAGIC = 0xBA55ED50
ELF = 2


class Module(NamedTuple):
    """One module's code in the library."""

    kind: int
    architecture: int
    start: int
    length: int


def section(library: bytearray) -> tuple[int, int]:
    """Where the device code begins and ends."""
    (table,) = struct.unpack_from("<Q", library, 0x28)
    count, names = struct.unpack_from("<HH", library, 0x3C)
    sections = [struct.unpack_from("<IIQQQQIIQQ", library, table + i * 64) for i in range(count)]
    strings = sections[names][4]
    for found in sections:
        start = strings + found[0]
        if library[start : start + len(SECTION) + 1] == SECTION + b"\0":
            return found[4], found[4] + found[5]
    raise SystemExit("the library has no device code")


def modules(library: bytearray) -> Iterator[Module]:
    at, end = section(library)
    while at < end:
        if struct.unpack_from("<I", library, at)[0] != MAGIC:
            at += 8
            continue
        header, size = struct.unpack_from("<HQ", library, at + 6)
        entry, stop = at + header, at + header + size
        while entry < stop:
            kind, _, head, length = struct.unpack_from("<HHIQ", library, entry)
            (architecture,) = struct.unpack_from("<I", library, entry + 28)
            yield Module(kind, architecture, entry + head, length)
            entry += head + length
        at = stop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("architecture", type=int)
    parser.add_argument("--only", default="", help="numbers of modules, with commas between")
    parser.add_argument("--max", type=int, default=0, help="bytes of further modules that stay")
    args = parser.parse_args()
    only = {int(number) for number in args.only.split(",") if number}
    library = bytearray(args.source.read_bytes())
    number = kept = kept_bytes = 0
    for module in list(modules(library)):
        number += module.kind == ELF
        chosen = number in only or module.length <= args.max or not (only or args.max)
        if module.architecture == args.architecture and chosen:
            kept, kept_bytes = kept + 1, kept_bytes + module.length
        else:
            library[module.start : module.start + module.length] = bytes(module.length)
    args.target.write_bytes(library)
    print(f"kept {kept} of {number} modules, {kept_bytes} bytes")


if __name__ == "__main__":
    main()
