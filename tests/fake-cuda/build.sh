#!/usr/bin/env bash
# Builds the stand-in for CUDA: build.sh PROVIDER DIR
#
# PROVIDER is libonnxruntime_providers_cuda.so; the libraries are in DIR/lib afterwards. Needs gcc, nm, and python3 with pip,
# which downloads CUDA's headers (3 MB). Does nothing if they are built already.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

here=$ROOT/tests/fake-cuda provider=$(realpath "$1")
mkdir -p "$2"
dir=$(realpath "$2")
stamp=$(cd "$here" && cat build.sh stubs.py fake.h ./*.c | cat - <(stat -c %s "$provider") | sha256sum)
stamped "$dir/.stamp" "$stamp" && exit
ensure_packages gcc=gcc nm=binutils
rm -rf "${dir:?}"/{wheels,headers,stubs,lib}
mkdir -p "$dir"/{wheels,headers,stubs,lib}
python3 -m pip download nvidia-cuda-runtime==13.0.96 nvidia-cuda-crt==13.0.88 --no-deps --only-binary=:all: \
    --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --dest "$dir/wheels" --quiet --disable-pip-version-check
for wheel in "$dir"/wheels/*.whl; do
    python3 -m zipfile -e "$wheel" "$dir/headers"
done
include=$(dirname "$(find "$dir/headers" -name driver_types.h -print -quit)")
python3 "$here/stubs.py" "$provider" "$dir/stubs"

cd "$dir"
library() {
    local name=$1
    shift
    gcc -std=gnu11 -O1 -w -shared -fPIC -I"$include" -I"$here" -Istubs "$@" -o "lib/$name" -Wl,-soname,"$name"
}
versioned() { library "$@" "-Wl,--version-script=stubs/$1.map"; }
versioned libcudart.so.13 "$here"/{log,memory,stream,launch,device}.c stubs/cudart_stubs.c -lpthread
versioned libcublas.so.13 "$here/blas.c" lib/libcudart.so.13
versioned libcublasLt.so.13 stubs/blaslt_stubs.c lib/libcudart.so.13
library libcuda.so.1 stubs/cuda_stubs.c
library libcudnn.so.9 "$here/cudnn.c" stubs/cudnn_stubs.c lib/libcudart.so.13
library libcurand.so.10 -x c /dev/null
echo "$stamp" >"$dir/.stamp"
