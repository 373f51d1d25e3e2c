#!/bin/sh
# Runs python3 on the GPUs of this replica of a compose service. VLLM_GPUS_PER_REPLICA is the number for each: replica 1
# gets the first ones, replica 2 the next. Compose itself gives every replica all GPUs. Unset: no selection.
#
#   VLLM_PYTHON=/opt/svara/docker/own-gpu.sh

set -eu

each=${VLLM_GPUS_PER_REPLICA:-}
if [ -n "$each" ]; then
    # The container's name ends in its number: svara-vllm-2 (or svara_vllm_2). The network's DNS returns that name;
    # /etc/hosts, which is normally asked first, has another.
    address=$(getent hosts "$(cat /etc/hostname)" | cut -d ' ' -f 1)
    name=${SVARA_CONTAINER_NAME:-$(getent -s dns hosts "$address" | sed 's/^[^ ]* *//; s/ .*//')}
    name=${name%%.*}
    number=${name##*[-_]}
    case $number in
    '' | *[!0-9]* | 0*) echo "own-gpu.sh: the container's name $name doesn't end in a replica number" >&2 && exit 64 ;;
    esac
    first=$(((number - 1) * each))
    CUDA_VISIBLE_DEVICES=$(seq -s, "$first" "$((first + each - 1))")
    export CUDA_VISIBLE_DEVICES
    echo "own-gpu.sh: $name uses GPU $CUDA_VISIBLE_DEVICES" >&2
fi
exec python3 "$@"
