#!/usr/bin/env bash
# Runs the server in front of Ray Serve with two replicas of vLLM on the CPU, and kills one of them under load.
#
#   scripts/test-ray.sh [ARGUMENT...]
#
# Ray comes from PyPI into .venv-ray/, vLLM from .venv-peers/. The programs are those of `cargo test`, or in SVARA_BIN_DIR.
# ARGUMENTS are for pytest. Not in .ci/run: two replicas, Ray's ingress and its proxy each import vLLM or Ray anew, which takes
# two busy cores ten minutes.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
venv=.venv-ray peers=.venv-peers
scripts/setup_test_peers.sh
scripts/fetch_onnxruntime.sh
scripts/make_test_models.sh
inputs=(tests/ray/requirements.txt tests/peers/constraints.txt)
stamp=$(stamp_of "$(python3 --version)" "$UV_VERSION" -- "${inputs[@]}")
if ! stamped "$venv/.stamp" "$stamp"; then
    make_uv
    note "installing Ray into $venv"
    "$UV" venv --quiet --clear --python "$(command -v python3)" "$venv"
    # The peers' versions, so that vLLM finds what it was tested with.
    "$UV" pip install --quiet --python "$venv/bin/python" --constraint tests/peers/constraints.txt \
        --requirement tests/ray/requirements.txt
    site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
    site "$ROOT/$peers" >"$(site "$venv")/peers.pth"
    echo "$stamp" >"$venv/.stamp"
fi
"$venv/bin/python" -m pytest tests/ray "$@"
