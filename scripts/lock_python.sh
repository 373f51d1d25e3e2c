#!/usr/bin/env bash
# Writes the requirements of Python that images and scripts install, with all that these need and the hash of each file.
#
#   scripts/lock_python.sh
#
# Run it after changing one of the *.in files. pip refuses whatever differs from its hash.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
"") ;;
-h | --help) usage && exit ;;
*) die "unknown argument $1 (see --help)" ;;
esac

cd "$ROOT"
make_uv
for input in scripts/requirements.in scripts/hub-requirements.in scripts/ci-requirements.in docker/router-requirements.in; do
    out=${input%.in}.txt
    note "writing $out"
    {
        echo "# Made of $input by scripts/lock_python.sh."
        "$UV" pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate "$input"
    } >"$out.new"
    mv "$out.new" "$out"
done
