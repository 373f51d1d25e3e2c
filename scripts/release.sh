#!/usr/bin/env bash
# Makes the files of a release: a tarball and a Debian package with the programs, configuration, scripts, ONNX Runtime for the
# CPU, manual pages, completions and the documentation as a site; the programs' SBOM; and the checksums of all of them.
#
#   scripts/release.sh [--no-sbom] [--quick] [DIRECTORY]      DIRECTORY: dist by default
#
#   --no-sbom   without the SBOM
#   --quick     the programs of the tests, to try the packaging: not for a release
#
# Two builds of one commit with the same toolchain give the same files. The programs need glibc 2.34 or newer. Builds in
# target/dist, so that what `cargo build` made stays.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

sbom=yes quick=""
while [[ $# -gt 0 ]]; do
    case $1 in
    --no-sbom) sbom="" ;;
    --quick) quick=yes ;;
    -h | --help) usage && exit ;;
    -*) die "unknown argument $1 (see --help)" ;;
    *) break ;;
    esac
    shift
done

cd "$ROOT"
readonly out=${1:-dist} oldest_glibc=2.34
machine=$(uname -m)
version=$(scripts/version.sh)
name=svara-tts-$version-$machine-linux
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/$name

# Every time in the files is the commit's, and no path of this machine is in the programs.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
paths="$ROOT=. ${CARGO_HOME:-$HOME/.cargo}=cargo $(rustc --print sysroot)=rust"
rust_flags=() c_flags=()
for path in $paths; do
    rust_flags+=("--remap-path-prefix=$path")
    c_flags+=("-ffile-prefix-map=$path")
done

ensure_packages "c++=build-essential" make=make cmake=cmake dpkg-deb=dpkg python3=python3
have cargo || die "cargo is missing; see https://rustup.rs"

step() { printf '=== %s (at %d s)\n' "$*" "$SECONDS"; }

# Fails if a program needs a newer glibc than promised: old_enough PROGRAM
old_enough() {
    local newest
    newest=$(objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1)
    [[ $(printf '%s\n' "$newest" "$oldest_glibc" | sort -V | tail -n 1) == "$oldest_glibc" ]] ||
        die "$1 needs glibc $newest; the release promises $oldest_glibc"
}

# What a user installs, at any place: bin config scripts models share docs.
lay_out() {
    local program
    mkdir -p "$tree"/{bin,scripts,models,docs,deploy,docker} "$tree"/share/{man/man1,bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
    for program in svara-server svara-supervisor svara-bench; do
        install -m 755 "$programs/$program" "$tree/bin/"
        strip --strip-debug "$tree/bin/$program"
        old_enough "$tree/bin/$program"
    done
    for program in svara-server svara-supervisor; do
        "$tree/bin/$program" man >"$tree/share/man/man1/$program.1"
        "$tree/bin/$program" completions bash >"$tree/share/bash-completion/completions/$program"
        "$tree/bin/$program" completions zsh >"$tree/share/zsh/site-functions/_$program"
        "$tree/bin/$program" completions fish >"$tree/share/fish/vendor_completions.d/$program.fish"
    done
    cp -r config "$tree/"
    cp -r models/demo "$tree/models/"
    scripts/fetch_onnxruntime.sh --out "$tree/models/lib"
    cp scripts/{lib.sh,fetch_models.sh,fetch_hub.py,fetch_onnxruntime.sh,export_snac.py,requirements.txt,hub-requirements.txt} "$tree/scripts/"
    cp -r scripts/snac_export "$tree/scripts/"
    cp -r svara-vllm "$tree/"
    cp -r deploy/systemd deploy/helm "$tree/deploy/"
    cp docker/{nginx.conf,haproxy.cfg} "$tree/docker/"
    cp docs/*.md "$tree/docs/"
    cp -r docs/pictures "$tree/docs/"
    scripts/book.py "$tree/share/doc/svara-tts" >"$scratch/log" 2>&1 || {
        tail -n 20 "$scratch/log" >&2
        die "the book could not be made"
    }
    cp -r examples "$tree/"
    cp README.md DEPLOYMENT.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md LICENSE SECURITY.md "$tree/"
    find "$tree" -name __pycache__ -prune -exec rm -rf {} +
    find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    chmod -R u=rwX,go=rX "$tree"
}

tarball() {
    tar -C "$scratch" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "$name" |
        gzip --no-name -9 >"$out/$name.tar.gz"
}

# The tree in /opt/svara, where the units expect it; programs, manual pages and completions where Debian looks for them.
debian_package() {
    local root=$scratch/deb architecture
    architecture=$(dpkg --print-architecture)
    mkdir -p "$root"/{DEBIAN,opt,etc/svara,usr/bin,usr/lib/systemd/system}
    cp -a "$tree" "$root/opt/svara"
    mv "$root/opt/svara/share" "$root/usr/share"
    mv "$root"/opt/svara/deploy/systemd/*.service "$root/usr/lib/systemd/system/"
    gzip --no-name -9 "$root"/usr/share/man/man1/*
    local program
    for program in svara-server svara-supervisor svara-bench; do
        ln -s "/opt/svara/bin/$program" "$root/usr/bin/$program"
    done
    cp deploy/debian/env "$root/etc/svara/env"
    # What an upgrade doesn't overwrite.
    (cd "$root" && printf '/%s\n' etc/svara/env opt/svara/config/*.toml) >"$root/DEBIAN/conffiles"
    install -m 755 deploy/debian/{postinst,prerm,postrm} "$root/DEBIAN/"
    sed -e "s/@version@/$version/" -e "s/@architecture@/$architecture/" \
        -e "s/@kibibytes@/$(du -sk --apparent-size "$root" | cut -f1)/" deploy/debian/control >"$root/DEBIAN/control"
    (cd "$root" && find opt usr etc -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$root" "$out/svara-tts_${version}_$architecture.deb" >/dev/null
}

step "programs"
if [[ -n $quick ]]; then
    programs=target/debug
    cargo build --workspace --locked --bins --examples
else
    programs=target/dist/release
    RUSTFLAGS="${rust_flags[*]}" CFLAGS="${c_flags[*]}" CXXFLAGS="${c_flags[*]}" cargo build --release --locked \
        --target-dir target/dist --bins -p svara-server -p svara-supervisor -p svara-bench
fi
mkdir -p "$out"
rm -f "$out"/svara-tts* "$out"/*.cdx.json "$out/SHA256SUMS"
step "files"
lay_out
tarball
debian_package
if [[ -n $sbom ]]; then
    step "SBOM"
    scripts/sbom.sh "$out"
fi
sums=$(cd "$out" && find . -maxdepth 1 -type f -printf "%P\n" | sort | xargs sha256sum)
echo "$sums" >"$out/SHA256SUMS"
step "done"
ls -l "$out"
