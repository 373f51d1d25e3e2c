#!/usr/bin/env bash
# Downloads what the server and vLLM need: the model with its tokenizer, and SNAC, which it exports to ONNX.
#
#   scripts/fetch_models.sh [--update]
#
#   --update   check the hub for newer files even if all files are there
#
# Does nothing if all files are there and verified. It verifies every file against the hub's checksums, and resumes
# interrupted downloads.
#
#   VLLM_MODEL       the model, default kenpath/svara-tts-v1; a directory is used as it is
#   SVARA_SNAC       the codec, default hubertsiuzdak/snac_24khz; or a directory with config.json and pytorch_model.bin
#   SVARA_MODELS     where to write the codec's ONNX files (in snac/), default models/ next to scripts/
#   SVARA_FETCH      what to download: "all", "model" (only for vLLM), "snac", or "tokenizer" (with SNAC, but without weights,
#                    for a server whose vLLM runs elsewhere). Default: what SVARA_RUN_VLLM and SVARA_RUN_SERVER need here
#   HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE=1   as in the Hugging Face libraries
#
# Exit code 75: a retry may succeed.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

update=()
case ${1:-} in
"") ;;
--update) update=(--update) ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

model=${VLLM_MODEL:-kenpath/svara-tts-v1}
snac=${SVARA_SNAC:-hubertsiuzdak/snac_24khz}
models=${SVARA_MODELS:-$ROOT/models}
fetch=${SVARA_FETCH:-}
scripts=$ROOT/scripts
if [[ -z $fetch ]]; then
    fetch=all
    [[ ${SVARA_RUN_SERVER:-true} != false ]] || fetch=model
    [[ ${SVARA_RUN_VLLM:-true} != false ]] || fetch=tokenizer
fi
case $fetch in
all | model | snac | tokenizer) ;;
*) die "SVARA_FETCH is $fetch; allowed: all, model, snac, tokenizer" ;;
esac

# Sets PYTHON to a Python with the packages that the scripts import: those in the image, or a new .venv-models elsewhere.
find_python() {
    PYTHON=python3
    if [[ -d $ROOT/python ]]; then
        export PYTHONPATH=$ROOT/python
    else
        make_models_venv
    fi
}

make_models_venv() {
    local venv=$ROOT/.venv-models stamp requirements=(scripts/requirements.txt scripts/hub-requirements.txt)
    PYTHON=$venv/bin/python
    stamp=$(stamp_of "$(python3 --version)" -- "${requirements[@]}")
    stamped "$venv/.stamp" "$stamp" && return
    make_venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes "${requirements[@]/#/--requirement=$ROOT/}"
    echo "$stamp" >"$venv/.stamp"
}

# Downloads a repository, unless the name is a directory. Sets FETCHED to its directory.
fetch_repository() {
    local name=$1
    shift
    if [[ -d $name ]]; then
        FETCHED=$name
        note "$name is a directory; nothing to download"
        return
    fi
    note "downloading $name"
    FETCHED=$("$PYTHON" "$scripts/fetch_hub.py" "$name" "${update[@]}" --files "$@")
    note "$name is in $FETCHED"
}

export_snac() {
    local out=$models/snac
    if [[ -s $out/decoder_stream.onnx && -s $out/encoder.onnx && ${#update[@]} -eq 0 ]]; then
        note "the codec is already in $out"
        return
    fi
    fetch_repository "$snac" config.json pytorch_model.bin
    mkdir -p "$out"
    # Moves complete files into place: a server may start while this runs.
    SCRATCH=$(mktemp -d "$models/.export.XXXXXX")
    trap 'rm -rf "$SCRATCH"' EXIT
    note "exporting the codec"
    "$PYTHON" "$scripts/export_snac.py" --checkpoint "$FETCHED" --out "$SCRATCH"
    chmod 644 "$SCRATCH"/*.onnx
    mv "$SCRATCH"/*.onnx "$out/"
}

mkdir -p "$models"
find_python
case $fetch in
all | model) fetch_repository "$model" '*.json' '*.safetensors' '*.txt' '*.model' ;;
tokenizer) fetch_repository "$model" tokenizer.json ;;
esac
[[ $fetch == model ]] || export_snac
note "all models are ready"
