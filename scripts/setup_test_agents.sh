#!/usr/bin/env bash
# Creates .venv-agents/, with the voice agents' frameworks that tests/agents runs: Pipecat and LiveKit.
#
#   scripts/setup_test_agents.sh
#
# Downloads about 250 MB and takes 650 MB of disk. Does nothing if the requirements in tests/agents haven't changed.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
"") ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

ensure_packages espeak-ng=espeak-ng

venv=$ROOT/.venv-agents
inputs=(tests/agents/requirements.txt tests/agents/constraints.txt)
stamp=$(stamp_of "$(python3 --version)" "$UV_VERSION" -- "${inputs[@]}")
exec {lock}>"$ROOT/.venv-agents.lock"
flock "$lock"
if stamped "$venv/.stamp" "$stamp"; then
    exit
fi

make_uv
note "installing the agents' frameworks into .venv-agents"
cd "$ROOT"
"$UV" venv --quiet --clear --python "$(command -v python3)" "$venv"
"$UV" pip install --quiet --python "$venv/bin/python" --constraint tests/agents/constraints.txt \
    --requirement tests/agents/requirements.txt
"$venv/bin/python" -c 'import livekit.agents, livekit.plugins.elevenlabs, livekit.plugins.openai, pipecat.pipeline.worker'
echo "$stamp" >"$venv/.stamp"
note "done"
