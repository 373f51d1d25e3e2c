#!/usr/bin/env bash
# Sets up and runs every test.
#
#   scripts/test.sh [--fast] [ARGUMENT...]
#
#   --fast        leave out the tests against real peers (vLLM, PyTorch, the OpenAI client, pocketsphinx, supervisord)
#   ARGUMENT...   for `cargo nextest run` (or `cargo test`, where nextest isn't installed)
#
# All stages run even when one fails; the closing summary says how each went, and any failure gives a failing exit.

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

# stage NAME COMMAND...: runs the command and notes how it went.
stage() {
    local name=$1 start=$SECONDS outcome=ok
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    "$@" || outcome=FAILED
    [[ $outcome == ok ]] || failed=yes
    summary+=("$(printf '%-14s %-6s %5d s' "$name" "$outcome" $((SECONDS - start)))")
}

# Reports on a job started in the background: its log, and its exit code.
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
    # The downloads take minutes: they run beside the Rust build and tests.
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
    # With real vLLM the same takes an hour, for its eleven starts; see docs/supervisor.md.
    stage supervisord .venv-peers/bin/python -m pytest tests/supervisor -k "not vLLM"
fi

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
if [[ -n $failed ]]; then
    echo "FAILED"
    exit 1
fi
echo "all passed${fast:+ (without the peers)}"
