#!/usr/bin/env bash
# Runs the server from source for development, with a running vLLM or one that it starts.
#
#   scripts/start-dev.sh [ARGUMENT OF svara-server...]
#
#   VLLM_BASE_URL   the address of vLLM, default http://127.0.0.1:$VLLM_PORT/v1; if it answers, no vLLM is started
#   VLLM_PORT       default 8000
#   VLLM_PYTHON     a Python with vLLM, to start vLLM if none answers; VLLM_EXTRA_ARGS has further flags for it
#   VLLM_MODEL, TOKENIZER_MODEL, API_HOST, API_PORT, TTS_DEVICE   as in .env.example
#
# Downloads what is missing (ONNX Runtime; the tokenizer and SNAC with scripts/fetch_models.sh). Ctrl-C stops everything.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
export VLLM_BASE_URL=${VLLM_BASE_URL:-http://127.0.0.1:${VLLM_PORT:-8000}/v1}
export VLLM_MODEL=${VLLM_MODEL:-kenpath/svara-tts-v1}
export TOKENIZER_MODEL=${TOKENIZER_MODEL:-$VLLM_MODEL}
answers() { curl --silent --fail --output /dev/null --max-time 2 "$VLLM_BASE_URL/models"; }

have cargo || die "cargo is missing; see https://rustup.rs"
ensure_packages curl=curl c++=build-essential make=make cmake=cmake
scripts/fetch_onnxruntime.sh
if ! answers && [[ -z ${VLLM_PYTHON:-} ]]; then
    die "no vLLM answers at $VLLM_BASE_URL; start one, or set VLLM_PYTHON to a Python with vLLM: VLLM_PYTHON=python3 $0"
fi
if [[ ! -d $VLLM_MODEL && ! -s models/snac/decoder_stream.onnx ]]; then
    SVARA_FETCH=tokenizer scripts/fetch_models.sh
fi
cargo build --release --locked -p svara-server -p svara-supervisor
if answers; then
    note "vLLM at $VLLM_BASE_URL answers"
    exec target/release/svara-server "$@"
fi

# The supervisor starts vLLM, waits until it is ready, starts the server, and stops both together.
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export SVARA_SUPERVISOR_SOCKET=$state/supervisor.sock SVARA_LOG_DIR=$state/logs SVARA_SERVER=target/release/svara-server
mkdir "$SVARA_LOG_DIR"
SVARA_SERVER_ARGS=$(printf '%q ' "$@")
[[ $# -gt 0 ]] || SVARA_SERVER_ARGS=""
export SVARA_SERVER_ARGS
note "starting vLLM; its log is in $SVARA_LOG_DIR"
target/release/svara-supervisor run --config config/supervisor.toml
