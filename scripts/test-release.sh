#!/usr/bin/env bash
# Installs the files of a release on a bare Debian with systemd, in a container, and has them speak.
#
#   scripts/test-release.sh [DIRECTORY]      what scripts/release.sh made; dist by default
#
# Needs root, a Docker engine and Debian's packages, but no registry: debootstrap makes the image.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help) usage && exit ;;
-*) die "unknown argument $1 (see --help)" ;;
esac

out=$(cd "${1:-$ROOT/dist}" && pwd)
readonly suite=bookworm image=svara-tts-release-test container=svara-tts-release-test within_s=60
scratch=$(mktemp -d)
clean_up() {
    docker rm --force "$container" >/dev/null 2>&1 || true
    docker image rm --force "$image" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap clean_up EXIT

step() { printf '=== %s (at %d s)\n' "$*" "$SECONDS"; }
inside() { docker exec --interactive "$container" "$@"; }

# Until the command succeeds, within the limit: soon COMMAND...
soon() {
    local deadline=$((SECONDS + within_s))
    until "$@" >"$scratch/log" 2>&1; do
        ((SECONDS < deadline)) || {
            cat "$scratch/log" >&2
            inside journalctl --no-pager -u svara-server | tail -n 30 >&2 || true
            die "not within $within_s s: $*"
        }
        sleep 0.2
    done
}

# Fails unless standard input is a RIFF file of more than a quarter of a second.
audible() {
    local bytes
    cat >"$scratch/sound.wav"
    bytes=$(stat -c %s "$scratch/sound.wav")
    [[ $(head -c 4 "$scratch/sound.wav") == RIFF && $bytes -gt 12000 ]] || die "no speech: $bytes bytes"
    echo "speech: $bytes bytes"
}

step "checksums"
(cd "$out" && sha256sum --check --quiet SHA256SUMS)

step "a bare $suite with systemd"
ensure_packages debootstrap=debootstrap
PATH=$PATH:/usr/sbin debootstrap --variant=minbase --include=systemd,ca-certificates "$suite" "$scratch/root" >"$scratch/log" 2>&1 || {
    tail -n 20 "$scratch/log" >&2
    die "debootstrap failed"
}
cp -L /etc/ssl/certs/ca-certificates.crt "$scratch/root/etc/ssl/certs/"
cp /etc/apt/sources.list "$scratch/root/etc/apt/" 2>/dev/null || true
cp -r /etc/apt/{apt.conf.d,sources.list.d} "$scratch/root/etc/apt/" 2>/dev/null || true
tar -C "$scratch/root" --numeric-owner -c . | docker import - "$image" >/dev/null
rm -rf "$scratch/root"
# What systemd needs to be the first process and to apply the units' sandboxes; not every engine may give all privileges.
docker run --detach --name "$container" --network host --cgroupns host --cap-add SYS_ADMIN \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --tmpfs /run --tmpfs /run/lock \
    --volume /sys/fs/cgroup:/sys/fs/cgroup:rw --env container=docker "$image" /lib/systemd/systemd >/dev/null
soon inside test -S /run/systemd/private
docker cp "$out/." "$container:/root/dist" >/dev/null

step "the Debian package installs"
inside apt-get update --quiet=2
inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes /root/dist/svara-tts_*.deb' >"$scratch/log" 2>&1 || {
    tail -n 30 "$scratch/log" >&2
    die "the package doesn't install"
}
inside svara-server --version
inside svara-supervisor --version

step "it speaks at a shell"
inside sh -c 'cd /tmp && svara-server --demo say "hello" -v en_female -o hello.wav && cat hello.wav' | audible
inside test -s /usr/share/man/man1/svara-server.1.gz
inside bash -n /usr/share/bash-completion/completions/svara-server

step "the service starts and answers"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# The demo voice, since there is no model here; espeak-ng runs as a program.
inside sh -c "mkdir -p /etc/systemd/system/svara-server.service.d && cat >/etc/systemd/system/svara-server.service.d/demo.conf" <<EOF
[Service]
Environment=API_PORT=$port API_HOST=127.0.0.1
ExecStart=
ExecStart=/opt/svara/bin/svara-server --demo
EOF
inside systemctl daemon-reload
inside systemctl start svara-server
soon curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"
curl --silent --show-error --fail "http://127.0.0.1:$port/v1/text-to-speech" --data text=hello --data voice=en_female \
    --data response_format=wav | audible
inside systemctl stop svara-server
[[ $(inside systemctl show --property Result --value svara-server) == success ]] || die "the service didn't end well"

step "the package goes again"
inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get purge --quiet=2 --yes svara-tts' >/dev/null
inside sh -c '! command -v svara-server && ! test -e /opt/svara && ! test -e /var/lib/svara'

step "the tarball runs where it is unpacked"
inside sh -c 'mkdir /tmp/here && tar -xzf /root/dist/svara-tts-*.tar.gz -C /tmp/here --strip-components=1'
inside sh -c 'cd /tmp/here && bin/svara-server --demo say "hello" -v en_female -o /tmp/there.wav && cat /tmp/there.wav' | audible

step "passed"
