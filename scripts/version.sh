#!/usr/bin/env bash
# Prints the version of the programs, or sets a new one everywhere it stands.
#
#   scripts/version.sh             prints it
#   scripts/version.sh 1.2.3       Cargo.toml, Cargo.lock, the Helm chart; "Unreleased" in CHANGELOG.md becomes 1.2.3 of today

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$ROOT"
case ${1:-} in
"")
    sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml
    exit
    ;;
-h | --help) usage && exit ;;
esac

[[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9a-z.]+)?$ ]] || die "\"$1\" isn't a version such as 1.2.3 or 1.2.3-rc.1"
grep -q '^## \[Unreleased\]' CHANGELOG.md || die "CHANGELOG.md has no section [Unreleased]"
sed -i "/^\[workspace.package\]/,/^\[/s/^version = .*/version = \"$1\"/" Cargo.toml
sed -i "s/^version: .*/version: $1/; s/^appVersion: .*/appVersion: \"$1\"/" deploy/helm/svara-tts/Chart.yaml
sed -i "s/^## \[Unreleased\].*/## [Unreleased]\n\n## [$1] - $(date -u +%F)/" CHANGELOG.md
cargo update --workspace --offline --quiet
git --no-pager diff --stat
