#!/usr/bin/env bash
# Extracts the ONNX Runtime library from the wheel on PyPI into models/lib/.
#
#   scripts/fetch_onnxruntime.sh [--gpu] [--out DIR]
#
#   --gpu      the library with its CUDA providers (x86_64 only; needs CUDA 13 and cuDNN on the machine)
#   --out DIR  a directory other than models/lib
#
# Does nothing if the library is already there. Needs any version of python3 with pip.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=onnxruntime version=1.32.0 out=$ROOT/models/lib
needed=()
# SHA-256 of the wheels for Python 3.11, x86_64 and aarch64.
sums=(
    5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
    2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c
)
while [[ $# -gt 0 ]]; do
    case $1 in
    --gpu)
        package=onnxruntime-gpu version=1.31.1
        needed=(libonnxruntime_providers_shared.so libonnxruntime_providers_cuda.so)
        sums=(e26c475fe361b2015f45b4b824bd13f0bb20204e59b62814e6f0acd5f3d491a6)
        ;;
    --out) out=${2:?--out needs a directory} && shift ;;
    -h | --help) usage && exit ;;
    *) die "unknown argument $1 (see --help)" ;;
    esac
    shift
done
library=libonnxruntime.so.$version

complete() {
    local file
    for file in "$library" "${needed[@]}"; do
        [[ -s $out/$file ]] || return 1
    done
    [[ $(readlink "$out/libonnxruntime.so") == "$library" ]]
}

if complete; then
    exit
fi

machine=$(uname -m)
case $machine in
x86_64 | aarch64) ;;
*) die "PyPI has no ONNX Runtime for $machine; build it and put libonnxruntime.so into $out" ;;
esac
have python3 || install_packages python3 python3-pip
python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The wheels for all Python versions contain the same library, so the version here is independent of the Python that runs pip.
platforms=()
for glibc in 17 24 27 28; do
    platforms+=(--platform "manylinux_2_${glibc}_$machine")
done
note "downloading $package $version"
echo "$package==$version ${sums[*]/#/--hash=sha256:}" >"$scratch/requirements"
python3 -m pip download --requirement "$scratch/requirements" --require-hashes --no-deps --only-binary=:all: --implementation cp --python-version 3.11 \
    "${platforms[@]}" --dest "$scratch" --quiet --disable-pip-version-check >"$scratch/log" 2>&1 </dev/null || {
    cat "$scratch/log" >&2
    die "pip could not download $package==$version; it needs the network (or PIP_INDEX_URL, PIP_FIND_LINKS)"
}

mkdir -p "$out"
python3 - "$scratch"/*.whl "$out" "$library" "${needed[@]}" <<'PYTHON'
import os
import shutil
import sys
import zipfile

wheel, out, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    members = {os.path.basename(name): name for name in archive.namelist()}
    for name in wanted:
        if name not in members:
            sys.exit(f"{os.path.basename(wheel)} contains no {name}")
        part = os.path.join(out, name + ".part")
        with archive.open(members[name]) as source, open(part, "wb") as target:
            shutil.copyfileobj(source, target)
        os.chmod(part, 0o755)
        os.replace(part, os.path.join(out, name))
PYTHON
ln -sfn "$library" "$out/libonnxruntime.so"
note "$out/libonnxruntime.so is $package $version"
