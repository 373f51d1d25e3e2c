#!/usr/bin/env bash
# Sets up and runs every test.
#
#   scripts/test.sh [--fast] [ARGUMENT...]
#
#   --fast        skip the tests with real peers (vLLM, PyTorch, the OpenAI client, Pipecat, LiveKit, pocketsphinx, supervisord)
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

# Containers for builds often tell Python to keep no compiled modules. Each process would then compile all that it imports, for
# vLLM 22 s of processor time in place of 8.
unset PYTHONDONTWRITEBYTECODE

cd "$ROOT"
have cargo || die "cargo is missing; see https://rustup.rs"
full=(--full) # only the peers need the full-size codec
[[ -z $fast ]] || full=()
trap end_jobs EXIT

# Tests that need a right or something of the machine note in this file that they have tested nothing: they count as passed.
# With SVARA_ALL_TESTS=1, they fail.
SVARA_SKIPPED=$(mktemp)
export SVARA_SKIPPED

rust_tests() {
    local outcome=0
    run_rust_tests "$@" || outcome=$?
    if [[ -s $SVARA_SKIPPED ]]; then
        echo "NOT tested, for want of rights:"
        sort "$SVARA_SKIPPED"
    fi
    rm -f "$SVARA_SKIPPED"
    return "$outcome"
}

run_rust_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        # Many tests wait for time to pass, so one more than there are cores keeps these busy.
        NEXTEST_TEST_THREADS=${NEXTEST_TEST_THREADS:-$(($(nproc) + 1))} cargo nextest run --workspace --locked --no-fail-fast "$@"
    else
        cargo test --workspace --locked --no-fail-fast "$@"
    fi
}

# Waits for processes to come back, nearly all of the time. With real vLLM, the same tests take an hour, because they start it
# eleven times; see docs/supervisor.md.
supervisord() {
    # If the environment is still being made, this waits for it.
    scripts/setup_test_peers.sh || return
    .venv-peers/bin/python -m pytest tests/supervisor -k "not vLLM"
}

# The browser's tests, and others that mostly wait: for a person's pace, and for streams.
proxies=tests/peers/test_proxies.py
slow_paced() {
    STAGES=() STAGES_FAILED=
    stage browser .venv-peers/bin/python -m pytest tests/peers -m "browser and not vllm" --durations 10
    stage proxies .venv-peers/bin/python -m pytest "$proxies" -m "not vllm"
    # Pipecat and LiveKit.
    stage agents .venv-agents/bin/python -m pytest tests/agents --durations 10
    summary "all passed"
}

packages=(espeak-ng=espeak-ng ffmpeg=ffmpeg rsyslogd=rsyslog "c++=build-essential" make=make cmake=cmake)
if [[ -z $fast ]]; then
    ensure_packages "${packages[@]}" curl=curl libnuma.so.1=libnuma1
    # The downloads take minutes, so they run in parallel with the Rust build and tests.
    start_job peers-setup scripts/setup_test_peers.sh
    start_job agents-setup scripts/setup_test_agents.sh
else
    ensure_packages "${packages[@]}"
fi

stage onnxruntime scripts/fetch_onnxruntime.sh
stage test-models scripts/make_test_models.sh "${full[@]}"
stage build cargo test --workspace --locked --no-run
# The Rust tests leave a quarter of the processor's time.
[[ -n $fast ]] || start_job supervisord supervisord
stage rust rust_tests "$@"
stage rust-docs cargo test --workspace --doc --locked
if [[ -z $fast ]]; then
    # Builds nothing after all of the tests: it's the same selection of targets and features.
    stage programs cargo build --workspace --locked --bins --examples
    stage peers-setup join_job peers-setup
    stage agents-setup join_job agents-setup
    stage supervisord join_job supervisord
    # Three processes, which take about as long: the tests with the one vLLM, which generates on one core, and two that leave
    # each other the rest.
    start_job vllm .venv-peers/bin/python -m pytest tests/peers -m vllm --durations 10
    start_job slow-paced slow_paced
    stage peers .venv-peers/bin/python -m pytest tests/peers svara-vllm/tests --ignore "$proxies" \
        -m "not vllm and not browser" --durations 10
    stage vllm join_job vllm
    stage slow-paced join_job slow-paced
fi
summary "all passed${fast:+ (without the peers)}"
