#!/usr/bin/env bash
# Runs the demo server: text to speech with espeak-ng's voice, without a GPU, vLLM or model weights.
#
#   scripts/demo.sh
#
# Installs what is missing (espeak-ng, the ONNX Runtime library), builds the server, and listens on 127.0.0.1:8080. Set
# API_HOST and API_PORT to change the address.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
"") ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
export API_HOST=${API_HOST:-127.0.0.1} API_PORT=${API_PORT:-8080}
url=http://$API_HOST:$API_PORT
ready_within_s=60

have cargo || die "cargo is missing; see https://rustup.rs"
ensure_packages espeak-ng=espeak-ng curl=curl c++=build-essential make=make cmake=cmake
scripts/fetch_onnxruntime.sh
cargo build --release --locked --package svara-server
if curl --silent --output /dev/null --max-time 1 "$url/health"; then
    die "another program already listens on $url; choose another port: API_PORT=8081 $0"
fi

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

The demo server is ready. Try it:

    curl -N $url/v1/text-to-speech -H 'content-type: application/json' \\
        -d '{"text":"नमस्ते दुनिया","voice":"hi_female","response_format":"wav"}' > hello.wav

EOF
}
announce &
exec target/release/svara-server --demo
