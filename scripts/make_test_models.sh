#!/usr/bin/env bash
# Creates the models for the tests in target/test-models/, each only if the scripts that create it have changed.
#
#   scripts/make_test_models.sh [--full]
#
#   snac-small           SNAC graphs with few channels and seeded random weights, 24 kHz and 4096 codes like the real codec;
#                        the stream decoder also of 16-bit floats
#   snac-small-quiet     the same without noise inputs
#   snac-odd             stream decoders of 12 SNAC configurations drawn at random, to compare decoders with
#   snac-foreign         plain decoders of the same configuration as other programs export them
#   snac-full            (--full) seeded random weights at full size, 160 MB
#   tiny-svara           a Llama checkpoint with svara's vocabulary that obeys the audio grammar
#   tiny-svara-special   the same with <custom_token_N> marked special in tokenizer.json
#
# Needs python3; installs numpy and onnx into .venv-export/.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

full=
case ${1:-} in
"") ;;
--full) full=yes ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
models=target/test-models venv=.venv-export

# build NAME SCRIPT ARGUMENT...: runs the script with the output directory as its last argument.
build() {
    local name=$1 stamp
    shift
    stamp=$(stamp_of "$@" -- "${sources[@]}")
    stamped "$models/$name/.stamp" "$stamp" && return
    prepare
    note "creating $name"
    rm -rf "${models:?}/$name"
    "$venv/bin/python" "$@" "$models/$name"
    echo "$stamp" >"$models/$name/.stamp"
}

prepare() {
    local stamp
    stamp=$(stamp_of "$(python3 --version)" -- scripts/requirements.txt)
    stamped "$venv/.stamp" "$stamp" && return
    make_venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement scripts/requirements.txt
    echo "$stamp" >"$venv/.stamp"
}

mkdir -p "$models"
sources=(scripts/requirements.txt scripts/export_snac.py scripts/snac_export/*.py tests/models/snac-small.json)
small=(scripts/export_snac.py --random 1 --config tests/models/snac-small.json)
build snac-small "${small[@]}" --fp16 --out
build snac-small-quiet "${small[@]}" --no-noise --out
[[ -z $full ]] || build snac-full scripts/export_snac.py --random 1 --fp16 --out

sources=(scripts/requirements.txt scripts/make_odd_snac.py scripts/snac_export/*.py)
build snac-odd scripts/make_odd_snac.py 12

sources=(scripts/requirements.txt scripts/make_foreign_snac.py scripts/snac_export/*.py tests/models/snac-small.json)
build snac-foreign scripts/make_foreign_snac.py tests/models/snac-small.json

sources=(scripts/requirements.txt scripts/make_tiny_svara.py)
build tiny-svara scripts/make_tiny_svara.py
build tiny-svara-special scripts/make_tiny_svara.py --special
