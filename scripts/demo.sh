#!/usr/bin/env bash
# Runs the demo server: text to speech with espeak-ng's voice, without a GPU, vLLM or model weights.
#
#   scripts/demo.sh [--docker]
#
#   --docker   in a container, by docker-compose.yml: Rust isn't needed; builds the image unless SVARA_SERVER_IMAGE is there
#
# Installs espeak-ng if it is missing, and what the build needs, builds the server, and listens on 127.0.0.1:8080. Set API_HOST
# and API_PORT to change the address. The build optimises only what speech needs (profile demo of Cargo.toml): don't measure it,
# and don't serve with it.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

docker=""
case ${1:-} in
"") ;;
--docker) docker=yes ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
export API_HOST=${API_HOST:-127.0.0.1} API_PORT=${API_PORT:-8080}
url=http://$API_HOST:$API_PORT
ready_within_s=60

free_address() {
    if curl --silent --output /dev/null --max-time 1 "$url/health"; then
        die "another program already listens on $url; choose another port: API_PORT=8081 $0"
    fi
}

# Runs in the background: the server replaces this process, and so receives its signals.
announce() {
    local deadline=$((SECONDS + ready_within_s))
    until curl --silent --fail --output /dev/null --max-time 1 "$url/health"; do
        kill -0 $$ 2>/dev/null || return
        if ((SECONDS > deadline)); then
            note "the server isn't ready after $ready_within_s s"
            return
        fi
        sleep 0.2
    done
    cat >&2 <<EOF

The demo server is ready. Open its playground:

    $url/

or try it here:

    curl -N $url/v1/text-to-speech -H 'content-type: application/json' \\
        -d '{"text":"नमस्ते दुनिया","voice":"hi_female","response_format":"wav"}' > hello.wav

EOF
}

if [[ -n $docker ]]; then
    ensure_packages curl=curl
    docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || die "no Docker engine is available"
    compose=(docker compose)
    docker compose version >/dev/null 2>&1 || compose=(docker-compose)
    have "${compose[0]}" || die "Docker's Compose is missing; see https://docs.docker.com/compose/install"
    free_address
    image=${SVARA_SERVER_IMAGE:-svara-tts-server:latest}
    if ! docker image inspect "$image" >/dev/null 2>&1; then
        note "building the image $image, which takes many minutes; without --docker, the first time takes less"
        "${compose[@]}" --profile demo build demo
    fi
    announce &
    # `run` publishes only what is named here: as without a container, this machine alone.
    exec "${compose[@]}" --profile demo run --rm --publish "$API_HOST:$API_PORT:8080" demo
fi

have cargo || die "cargo is missing; see https://rustup.rs"
ensure_packages espeak-ng=espeak-ng curl=curl c++=build-essential make=make cmake=cmake
free_address
[[ -x target/demo/svara-server ]] || note "building the server: about 400 crates, the first time some minutes"
cargo build --profile demo --locked --package svara-server
announce &
exec target/demo/svara-server --demo
