#!/usr/bin/env bash
# Attacks a server for a while, while others use it, and says what those others noticed.
#
#   scripts/siege.sh [--minutes N] [--decoder full|small|null] [--streams N]
#
#   --minutes N   how long; default 30
#   --decoder     the codec: full-size with random weights (default), a small one, or none
#   --streams N   good streams at once; default 2
#
# Builds the server and svara-bench, unless SVARA_BIN_DIR names a directory that has them. Everything stays on loopback.
# Ends with a table, also in target/bench/siege.json; exit code 1 if one of its rows isn't what it should be.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
ensure_packages python3=python3
if [[ -z ${SVARA_BIN_DIR:-} ]]; then
    have cargo || die "cargo is missing; see https://rustup.rs"
    ensure_packages c++=build-essential make=make cmake=cmake
    scripts/fetch_onnxruntime.sh
    scripts/make_test_models.sh --full
    cargo build --release --locked --workspace --bins --examples
fi
ulimit -n "$(ulimit -H -n)"
PYTHONPATH=scripts exec python3 -m siege "$@"
