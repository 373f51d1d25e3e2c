#!/usr/bin/env bash
# Measures on a machine with a GPU, from the top of the repository: scripts/gpu/run.sh unpack | table | STEP...
#
# `unpack` puts what pack.sh packed into SVARA_GPU_SITE (/tmp/svara-gpu) and exports models with random weights. README.md lists
# the steps; their figures go to $OUT/figures.jsonl, of which `table` makes the table of docs/performance.md.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

cd "$ROOT"
export SVARA_GPU_SITE=${SVARA_GPU_SITE:-/tmp/svara-gpu} OUT=${OUT:-/tmp}
site=$SVARA_GPU_SITE
mkdir -p "$OUT"

unpack() {
    mkdir -p "$site/onnxruntime/capi" "$site/bin"
    # By Python, as the machine may have no xz.
    python3 - "$site" <<'PYTHON'
import lzma
import os
import shutil
import sys
import tarfile
from pathlib import Path

site = Path(sys.argv[1])
with tarfile.open(".gpu/ort/python.tar.xz") as archive:
    archive.extractall(site, filter="data")
for packed in [*Path(".gpu/ort").glob("*.so*.xz"), *Path(".gpu").glob("svara-*.xz")]:
    target = site / ("bin" if packed.name.startswith("svara-") else "onnxruntime/capi") / packed.stem
    with lzma.open(packed) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    os.chmod(target, 0o755)
PYTHON
    ln -sfn libonnxruntime.so.1.31.1 "$site/onnxruntime/capi/libonnxruntime.so"
    python3 -m pip install --quiet --no-index --no-deps --target "$site" .gpu/snac-*.whl ||
        note "without the snac package: torch_baseline won't run"
    python3 scripts/export_snac.py --random 1 --fp16 --out "$site/model"
}

# The directories of CUDA's libraries that PyTorch brought.
cuda_libraries() {
    python3 - <<'PYTHON'
import glob

try:
    import nvidia
except ImportError:
    raise SystemExit from None
print(":".join(sorted({path for root in nvidia.__path__ for path in glob.glob(f"{root}/*/lib")})))
PYTHON
}

case ${1:-} in
"" | -h | --help) usage && exit ;;
unpack) unpack && exit ;;
esac
libraries=${SVARA_CUDA_LIBRARIES:-$(cuda_libraries)}
export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} PYTHONPATH=$site PYTHONUNBUFFERED=1
exec python3 scripts/gpu/measure.py "$@"
