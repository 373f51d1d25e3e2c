#!/usr/bin/env bash
# Measures the server on this machine, compares it with the targets, and writes the table in docs/performance.md.
#
#   scripts/bench.sh [--quick]
#
#   --quick   fewer repetitions: takes a few minutes instead of about twenty, prints the table, and leaves the page unchanged
#
# Builds the server and svara-bench, creates the full-size SNAC decoder with random weights, and runs both against the
# paced engine of svara-bench, on loopback ports. All figures are also written to target/bench/, as JSON and as pages.
# The machine should be idle.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quick=()
case ${1:-} in
"") ;;
--quick) quick=(--quick) ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
have cargo || die "cargo is missing; see https://rustup.rs"
ensure_packages python3=python3 c++=build-essential make=make cmake=cmake
scripts/fetch_onnxruntime.sh
scripts/make_test_models.sh --full
# The same build as in scripts/test.sh, so that each can reuse the other's.
cargo build --release --locked --workspace --bins --examples
# A thousand streams need two thousand connections at the server.
ulimit -n "$(ulimit -H -n)"
PYTHONPATH=scripts exec python3 -m bench "${quick[@]}"
