#!/usr/bin/env bash
# Fetches what the server and vLLM need: the model with its tokenizer, and SNAC, exported to ONNX once.
#
#   scripts/fetch_models.sh [--update]
#
#   --update   ask the hub for newer files even where all is there
#
# Does nothing when all is there and checked. Every file is checked against the hub's checksums; a download that broke
# off is taken up where it ended.
#
#   VLLM_MODEL       the model, default kenpath/svara-tts-v1; a directory is left as it is
#   SVARA_SNAC       the codec, default hubertsiuzdak/snac_24khz; or a directory of its config.json and pytorch_model.bin
#   SVARA_MODELS     where the codec's ONNX files go, default models/ beside scripts/ (in snac/)
#   SVARA_FETCH      what is fetched: "all", "model" (for vLLM alone), "snac", or "tokenizer" (with SNAC, but no weights: for
#                    a server whose vLLM is elsewhere); default: what SVARA_RUN_VLLM and SVARA_RUN_SERVER say is run here
#   HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE=1   as everywhere with the hub
#
# Exit code 75: trying again may help.

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

# The Python that has what the scripts import: in an image its packages lie beside; elsewhere they go into .venv-models.
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
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${requirements[@]/#/--requirement=$ROOT/}"
    echo "$stamp" >"$venv/.stamp"
}

# Succeeds where the value is a directory; otherwise fetches the repository and names its directory in FETCHED.
fetch_repository() {
    local name=$1
    shift
    if [[ -d $name ]]; then
        FETCHED=$name
        note "$name is a directory; nothing to fetch"
        return
    fi
    note "fetching $name"
    FETCHED=$("$PYTHON" "$scripts/fetch_hub.py" "$name" "${update[@]}" --files "$@")
    note "$name is in $FETCHED"
}

export_snac() {
    local out=$models/snac
    if [[ -s $out/decoder_stream.onnx && -s $out/encoder.onnx && ${#update[@]} -eq 0 ]]; then
        note "$out holds the codec"
        return
    fi
    fetch_repository "$snac" config.json pytorch_model.bin
    mkdir -p "$out"
    # Whole files or none: a server may start while this is at work.
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
note "all models are there"
