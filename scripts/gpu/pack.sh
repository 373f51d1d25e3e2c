#!/usr/bin/env bash
# Packs what measuring on a machine with a GPU needs and has no network for, into .gpu/: scripts/gpu/pack.sh
#
# Programs come from target/release, or SVARA_BIN_DIR. Needs python3 with pip, xz, unzip, strip; downloads ONNX Runtime for
# GPUs (255 MB), cuobjdump and the `snac` package. The machine's own Python needs 3.12, numpy, onnx, and for some steps
# PyTorch. Prints the sizes; the sum should stay below 60 MiB.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

ARCHITECTURE=90 # Hopper: H100, H200
cd "$ROOT"
here=scripts/gpu out=.gpu programs=${SVARA_BIN_DIR:-target/release}
for program in svara-server svara-bench; do
    [[ -x $programs/$program ]] || die "$programs/$program is missing: cargo build --release -p svara-server -p svara-bench"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$out" && mkdir -p "$out/ort"

download() { python3 -m pip download --no-deps --quiet --disable-pip-version-check "$@"; }
note "downloading"
download --only-binary=:all: --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 \
    --platform manylinux_2_27_x86_64 --dest "$work" onnxruntime-gpu==1.31.1
download --only-binary=:all: --dest "$work" nvidia-cuda-cuobjdump
download --dest "$out" snac==1.2.1
unzip -qo "$work"/onnxruntime_gpu*.whl 'onnxruntime/*' -d "$work/ort"
unzip -qo "$work"/nvidia_cuda_cuobjdump*.whl -d "$work/cuobjdump"
capi=$work/ort/onnxruntime/capi
cuobjdump=$(find "$work/cuobjdump" -name cuobjdump -type f)
chmod +x "$cuobjdump"

note "pruning"
provider=$capi/libonnxruntime_providers_cuda.so
mkdir "$work/modules"
(cd "$work/modules" && "$cuobjdump" -xelf "sm_${ARCHITECTURE}a" "$provider" >/dev/null)
# The modules whose kernels the decoder launches, and all small ones.
numbers=$(cd "$work/modules" && grep -lFf "$ROOT/$here/kernels.txt" -- *.cubin | sed 's/.*cuda\.\([0-9]*\)\..*/\1/' | paste -sd,)
python3 "$here/prune.py" "$provider" "$work/needed.so" "$ARCHITECTURE" --only "$numbers" --max 60000

note "packing"
pack() { xz -6 --threads=0 --stdout "$1" >"$out/$2.xz"; }
pack "$work/needed.so" ort/libonnxruntime_providers_cuda.so
for file in libonnxruntime.so.1.31.1 libonnxruntime_providers_shared.so onnxruntime_pybind11_state.cpython-312-x86_64-linux-gnu.so; do
    pack "$capi/$file" "ort/$file"
done
rm -rf "$work/ort/onnxruntime/"{transformers,quantization,tools,datasets,backend} "$capi"/*.so*
tar -C "$work/ort" -cf "$work/python.tar" onnxruntime
pack "$work/python.tar" ort/python.tar
for program in svara-server svara-bench; do
    strip -o "$work/$program" "$programs/$program"
    pack "$work/$program" "$program"
done
du --bytes --total "$out"/*.* "$out"/ort/* "$out"/svara-* | sort -nu
tracked=$(git ls-files -z | du --bytes --total --files0-from=- | tail -1 | cut -f1)
packed=$(du --bytes --summarize "$out" | cut -f1)
note "$out is $((packed / 1024 / 1024)) MiB; with the tracked files, $(((packed + tracked) / 1024 / 1024)) MiB"
