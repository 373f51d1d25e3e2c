#!/usr/bin/env bash
# Checks the GPU path without a GPU: the real server and ONNX Runtime's real CUDA provider, on a stand-in for CUDA that keeps
# books in place of computing (tests/fake-cuda/).
#
#   scripts/check_gpu_path.sh [NAME...]     all checks, or those whose names contain one of these words
#
# It downloads ONNX Runtime for GPUs (255 MB) into target/gpu/, and builds what is missing: models, programs, the stand-in.
# x86_64 only. It takes minutes (docs/testing.md), so it runs each night and isn't part of .ci/run: run it before a release, and
# after a change of the decoder, of ONNX Runtime or of the exporter. SVARA_BIN_DIR: programs other than target/debug.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
gpu=target/gpu
scripts/fetch_onnxruntime.sh --gpu --out "$gpu/onnxruntime"
tests/fake-cuda/build.sh "$gpu/onnxruntime/libonnxruntime_providers_cuda.so" "$gpu/fake-cuda"
scripts/make_test_models.sh --full
[[ -n ${SVARA_BIN_DIR:-} ]] || cargo build --locked -p svara-server -p svara-bench
exec python3 tests/fake-cuda/check.py --programs "${SVARA_BIN_DIR:-target/debug}" --library "$gpu/onnxruntime/libonnxruntime.so" \
    --cuda "$gpu/fake-cuda/lib" --model target/test-models/snac-full/decoder_stream.onnx "$@"
