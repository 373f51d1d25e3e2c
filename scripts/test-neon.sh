#!/usr/bin/env bash
# Tests the decoder's native code for NEON on a processor of another kind, under QEMU: its product, its layers and its Snake
# against exact sums, whole decoders of all shapes against portable code, and the same bits however a stream is cut.
#
#   scripts/test-neon.sh
#
# Builds the unit tests of svara-snac for 64-bit ARM in target/aarch64-unknown-linux-gnu/. ONNX Runtime isn't needed: the
# tests elsewhere compare portable code with it. QEMU says nothing about speed.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
"") ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

target=aarch64-unknown-linux-gnu sysroot=/usr/aarch64-linux-gnu
cd "$ROOT"
have cargo || die "cargo is missing; see https://rustup.rs"
if [[ $(uname -m) != aarch64 ]]; then
    ensure_packages qemu-aarch64=qemu-user aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu
    [[ -e $sysroot/lib/crt1.o ]] || install_packages libc6-dev-arm64-cross
    rustup target add "$target"
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L $sysroot"
fi
scripts/make_test_models.sh
# `has_neon` fails if these tests would only see portable code.
exec cargo test --locked --target "$target" --package svara-snac --lib -- native:: simd:: onnx::snake:: onnx::sine::
