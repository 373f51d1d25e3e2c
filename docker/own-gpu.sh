#!/bin/sh
# Runs python3 on the GPU that belongs to this replica of a compose service, when VLLM_GPUS_PER_REPLICA says how many
# each gets: replica 1 the first ones, replica 2 the next. Compose itself gives every replica all of them.
#
#   VLLM_PYTHON=/opt/svara/docker/own-gpu.sh

set -eu

each=${VLLM_GPUS_PER_REPLICA:-}
if [ -n "$each" ]; then
    # The container's own name ends in its number: svara-vllm-2 (or svara_vllm_2). The network's DNS knows it;
    # /etc/hosts, which would be asked first, has another.
    address=$(getent hosts "$(cat /etc/hostname)" | cut -d ' ' -f 1)
    name=${SVARA_CONTAINER_NAME:-$(getent -s dns hosts "$address" | sed 's/^[^ ]* *//; s/ .*//')}
    name=${name%%.*}
    number=${name##*[-_]}
    case $number in
    '' | *[!0-9]* | 0*) echo "own-gpu.sh: no replica's number in the container's name $name" >&2 && exit 64 ;;
    esac
    first=$(((number - 1) * each))
    CUDA_VISIBLE_DEVICES=$(seq -s, "$first" "$((first + each - 1))")
    export CUDA_VISIBLE_DEVICES
    echo "own-gpu.sh: $name uses GPU $CUDA_VISIBLE_DEVICES" >&2
fi
exec python3 "$@"
