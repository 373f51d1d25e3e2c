#!/usr/bin/env python3
"""Writes what a CUDA provider asks for and the stand-in doesn't know, as functions that return 0: stubs.py PROVIDER DIR

A provider names the functions of CUDA and cuBLAS as symbols of those libraries, and those of cuDNN as strings.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
RUNTIME = ("memory.c", "stream.c", "launch.c", "device.c", "log.c")
PRODUCTS = re.compile(r"emm|geam|copy|scal|getr", re.IGNORECASE)


def main() -> None:
    provider, out = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = defaultdict(list)
    command = ["nm", "-D", "--undefined-only", str(provider)]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, library = line.split()[-1].partition("@")
        if re.match(r"(cu|__cuda)", name):
            wanted[library or "libcuda.so.1"].append(name)
    strings = set(re.findall(rb"\0(cudnn[A-Z]\w+)(?=\0)", provider.read_bytes()))

    write(out / "cudart_stubs.c", wanted["libcudart.so.13"], RUNTIME)
    write(out / "cuda_stubs.c", wanted["libcuda.so.1"], ())
    write(out / "cudnn_stubs.c", sorted(name.decode() for name in strings), ("cudnn.c",))
    blas = [name for name in wanted["libcublas.so.13"] if not defined(name, ("blas.c",))]
    lines = [f"LAUNCH({name})" if PRODUCTS.search(name) else stub(name) for name in blas]
    (out / "blas_stubs.h").write_text("\n".join(lines) + "\n")
    (out / "blaslt_stubs.c").write_text("\n".join(map(light, wanted["libcublasLt.so.13"])) + "\n")
    for library in wanted:
        (out / f"{library}.map").write_text(f"{library} {{ global: *; }};\n")


def stub(name: str) -> str:
    return f"int {name}(void) {{ return 0; }}"


def light(name: str) -> str:
    """A function of cuBLASLt."""
    if name == "cublasLtMatmulAlgoGetHeuristic":
        values = "void *a, void *b, void *c, void *d, void *e, void *f, void *g, int most, void *results, int *found"
        return f"int {name}({values}) {{ *found = 1; return 0; }}"
    if name.endswith("Create"):
        calloc = "void *calloc(unsigned long, unsigned long);"
        return f"{calloc}\nint {name}(void **it) {{ *it = calloc(1, 256); return 0; }}"
    if name == "cublasLtMatmul":
        launch = "void fake_library_launch(const char *, void *);"
        return f'{launch}\nint {name}(void) {{ fake_library_launch("{name}", 0); return 0; }}'
    return stub(name)


def defined(name: str, files: tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\(", (HERE / file).read_text()) for file in files)


def write(path: Path, names: list[str], files: tuple[str, ...]) -> None:
    path.write_text("\n".join(stub(name) for name in names if not defined(name, files)) + "\n")


if __name__ == "__main__":
    main()
