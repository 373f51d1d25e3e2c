#!/usr/bin/env bash
# Measures the server on this machine against what it promises, and writes the table in docs/performance.md.
#
#   scripts/bench.sh [--quick]
#
#   --quick   a few minutes in place of some twenty: fewer repetitions; prints the table and leaves the page as it is
#
# Builds the server and the bench, makes the full-size SNAC decoder with random weights, and runs both against the
# bench's paced engine, on ports of the loopback. All figures also go to target/bench/, as JSON and as pages.
# The machine should have nothing else to do.

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
# The same build as scripts/test.sh's: neither undoes the other's.
cargo build --release --locked --workspace --bins --examples
# A thousand streams are two thousand connections at the server.
ulimit -n "$(ulimit -H -n)"
exec python3 scripts/bench.py "${quick[@]}"
