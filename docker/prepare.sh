#!/bin/sh
# Build steps that the images of docker/Dockerfile share. Runs as root during the build.
#
#   prepare.sh user                 creates the user and the directories that it may write to
#   prepare.sh python FILE...       installs Python packages into a separate directory, apart from vLLM's
#   prepare.sh bytecode             compiles vLLM and all that is installed beside it
#   prepare.sh libraries            lets ONNX Runtime find the CUDA libraries that vLLM's PyTorch brought

set -eu

id=10001

add_user() {
    groupadd --gid "$id" svara
    useradd --uid "$id" --gid "$id" --create-home --shell /usr/sbin/nologin svara
    # New volumes are copies of these directories, so they also belong to the user.
    for directory in /models /var/cache/huggingface /var/lib/svara /var/log/supervisor /run/svara; do
        mkdir -p "$directory"
        chown "$id:$id" "$directory"
    done
}

add_python() {
    for file in "$@"; do
        set -- "$@" --requirement "$file"
        shift
    done
    python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-compile --require-hashes \
        --target /opt/svara/python "$@"
}

# The image's user can't write where vLLM is, so each of its processes would compile thousands of modules at every start.
add_bytecode() {
    packages=$(python3 -c 'import importlib.util as i, pathlib as p; print(p.Path(i.find_spec("vllm").origin).parents[1])')
    python3 -m compileall -q -j 0 "$packages" || echo "prepare.sh: the files above aren't valid modules, and stay as they are" >&2
}

# Sets up the dynamic linker: a Python program would find the libraries next to torch, but the server isn't one.
add_libraries() {
    found=$(python3 -c 'import nvidia; print("\n".join(nvidia.__path__))' 2>/dev/null) || found=
    for root in $found; do
        find "$root" -type d -name lib
    done | sort >/etc/ld.so.conf.d/svara-cuda.conf
    ldconfig
}

case $1 in
user) add_user ;;
python) shift && add_python "$@" ;;
bytecode) add_bytecode ;;
libraries) add_libraries ;;
*) echo "prepare.sh: unknown step $1" >&2 && exit 2 ;;
esac
