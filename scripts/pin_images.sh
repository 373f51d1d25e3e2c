#!/usr/bin/env bash
# Pins the images that docker/Dockerfile and the compose files take from registries to the digests that their tags have now.
#
#   scripts/pin_images.sh [--check]
#
#   --check   change nothing; exit with 1 if a tag has another digest than the file, or the file has none
#
# `NAME:TAG` becomes `NAME:TAG@sha256:…`, which Docker takes whatever the tag becomes. Needs a docker with buildx, and the registries.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

check=""
case ${1:-} in
"") ;;
--check) check=yes ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
files=(docker/Dockerfile docker-compose.yml)
# Those of others: a tag, and perhaps a digest, after `ARG …IMAGE=` or in a variable's default.
readonly name='[a-z0-9][a-z0-9./-]+:[a-zA-Z0-9._-]+(@sha256:[0-9a-f]{64})?'
mapfile -t images < <(grep -hE "^ARG [A-Z_]*IMAGE=|image: \\$\{(PROMETHEUS|GRAFANA)_IMAGE" "${files[@]}" | grep -oE "$name" | sort -u)
[[ ${#images[@]} -gt 0 ]] || die "no images are named in ${files[*]}"

# All are asked before any file is changed.
differ=0 changes=()
for image in "${images[@]}"; do
    tag=${image%@*}
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$tag") || die "can't ask for $tag"
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "$tag: expected a digest, got $digest"
    [[ $image != "$tag@$digest" ]] || continue
    differ=1
    note "$tag is now $digest"
    changes+=(-e "s#${image//./\\.}#$tag@$digest#")
done
[[ -n $check || $differ -eq 0 ]] || sed -i "${changes[@]}" "${files[@]}"
[[ -z $check || $differ -eq 0 ]] || exit 1
