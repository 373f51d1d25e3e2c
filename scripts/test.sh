#!/usr/bin/env bash
# Sets up and runs every test.
#
#   scripts/test.sh [--fast] [ARGUMENT...]
#
#   --fast        skip the tests with real peers (vLLM, PyTorch, the OpenAI client, pocketsphinx, supervisord)
#   ARGUMENT...   for `cargo nextest run` (or `cargo test` if nextest isn't installed)
#
# All stages run even if one fails. A summary at the end shows the result of each; any failure makes the script fail.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fast=
case ${1:-} in
--fast) fast=yes && shift ;;
-h | --help) usage && exit ;;
esac

cd "$ROOT"
have cargo || die "cargo is missing; see https://rustup.rs"
full=(--full) # only the peers need the full-size codec
[[ -z $fast ]] || full=()
summary=()
failed=

# stage NAME COMMAND...: runs the command and records its result.
stage() {
    local name=$1 start=$SECONDS outcome=ok
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    "$@" || outcome=FAILED
    [[ $outcome == ok ]] || failed=yes
    summary+=("$(printf '%-14s %-6s %5d s' "$name" "$outcome" $((SECONDS - start)))")
}

# Waits for a background job, prints its log, and returns its exit code.
join_job() {
    local code=0
    wait "$1" || code=$?
    cat "$2"
    return "$code"
}

rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --locked --no-fail-fast "$@"
    else
        cargo test --workspace --locked --no-fail-fast "$@"
    fi
}

packages=(espeak-ng=espeak-ng ffmpeg=ffmpeg "c++=build-essential" make=make cmake=cmake)
peers=
if [[ -z $fast ]]; then
    ensure_packages "${packages[@]}" curl=curl libnuma.so.1=libnuma1
    # The downloads take minutes, so they run in parallel with the Rust build and tests.
    peers_log=$(mktemp)
    scripts/setup_test_peers.sh >"$peers_log" 2>&1 </dev/null &
    peers=$!
    trap 'kill "$peers" 2>/dev/null || true; rm -f "$peers_log"' EXIT
else
    ensure_packages "${packages[@]}"
fi

stage onnxruntime scripts/fetch_onnxruntime.sh
stage test-models scripts/make_test_models.sh "${full[@]}"
stage rust rust_tests "$@"
stage rust-docs cargo test --workspace --doc --locked
if [[ -z $fast ]]; then
    stage release cargo build --release --locked --workspace --bins --examples
    stage peers-setup join_job "$peers" "$peers_log"
    stage peers .venv-peers/bin/python -m pytest tests/peers
    # With real vLLM, the same tests take an hour, because they start it eleven times; see docs/supervisor.md.
    stage supervisord .venv-peers/bin/python -m pytest tests/supervisor -k "not vLLM"
fi

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
if [[ -n $failed ]]; then
    echo "FAILED"
    exit 1
fi
echo "all passed${fast:+ (without the peers)}"
