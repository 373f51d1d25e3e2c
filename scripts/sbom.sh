#!/usr/bin/env bash
# Writes what the programs are made of: one CycloneDX file (JSON) for each, with versions, sources, licences and checksums.
#
#   scripts/sbom.sh [DIRECTORY]       DIRECTORY: target/sbom by default
#
# cargo-cyclonedx is installed if it is missing. Python packages and models aren't in these files.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
esac

cd "$ROOT"
out=${1:-target/sbom}
mkdir -p "$out"
cargo cyclonedx --version >/dev/null 2>&1 || cargo install cargo-cyclonedx --version 0.5.9 --locked --debug

host=$(rustc --version --verbose | sed -n 's/^host: //p')

for program in svara-server svara-supervisor svara-bench; do
    # It writes beside each manifest of the workspace.
    manifest=crates/$program/Cargo.toml
    cargo cyclonedx --manifest-path "$manifest" --format json --all-features --target "$host" \
        --override-filename "$program.cdx"
    mv "crates/$program/$program.cdx.json" "$out/$program.cdx.json"
    find crates -name "$program.cdx.json" -delete
    echo "$out/$program.cdx.json"
done
