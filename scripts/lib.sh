# Shell functions for the scripts in this directory; source it. Sets ROOT, the top of the repository.
# shellcheck shell=bash disable=SC2034 # variables are for the scripts that source this

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT UV_VERSION=0.13.9

note() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

die() {
    note "error: $*"
    exit 1
}

# Prints the comment at the top of the calling script: its usage text.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "$0"; }

have() { command -v "$1" >/dev/null 2>&1; }

# Prints a hash of words and of the names and contents of files: stamp_of WORD... -- FILE...
stamp_of() {
    local words=()
    while [[ $1 != -- ]]; do
        words+=("$1")
        shift
    done
    shift
    { printf '%s\n' "${words[@]}" && (cd "$ROOT" && sha256sum "$@"); } | sha256sum | cut -d' ' -f1
}

# Succeeds if the stamp file contains that stamp: stamped FILE STAMP
stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# Installs the Debian packages whose command or library is missing: ensure_packages NAME=PACKAGE...
# NAME is a command, or a library if it contains ".so.".
ensure_packages() {
    local pair missing=()
    for pair in "$@"; do
        present "${pair%%=*}" || missing+=("${pair#*=}")
    done
    [[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
}

present() {
    case $1 in
    *.so.*) PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null ;;
    *) PATH=$PATH:/sbin:/usr/sbin have "$1" ;;
    esac
}

# Installs Debian packages, or prints the command to run if it lacks permission.
install_packages() {
    local install=(apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@")
    local as=(env DEBIAN_FRONTEND=noninteractive) log lock
    have apt-get || die "missing, by their Debian names: $*"
    if [[ $(id -u) -ne 0 ]]; then
        sudo -n true 2>/dev/null || die "missing: $*; run: sudo apt-get install -y $*"
        as=(sudo "${as[@]}")
    fi
    note "installing $*"
    log=$(mktemp)
    # One at a time: `apt-get update` doesn't wait for another.
    exec {lock}>/tmp/svara-apt.lock
    flock "$lock"
    if ! { "${as[@]}" apt-get update && "${as[@]}" "${install[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "could not install $*; run: apt-get install -y $*"
    fi
    rm -f "$log"
    exec {lock}>&-
}

# Runs a command and records its result and time for the summary: stage NAME COMMAND...
stage() {
    local name=$1 start=$SECONDS outcome=ok
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    "$@" || outcome=FAILED
    [[ $outcome == ok ]] || STAGES_FAILED=yes
    STAGES+=("$(printf '%-14s %-6s %5d s' "$name" "$outcome" $((SECONDS - start)))")
}
STAGES=() STAGES_FAILED=

# Prints the result of each stage, and what is given as the last line if all passed: summary LINE
summary() {
    printf '\n=== summary\n'
    printf '%s\n' "${STAGES[@]}"
    if [[ -n $STAGES_FAILED ]]; then
        echo "FAILED"
        return 1
    fi
    echo "$1"
}

# Runs a command in the background, with its output in a file that `join_job` prints: start_job NAME COMMAND...
start_job() {
    local name=$1
    shift
    [[ -n $JOB_LOGS ]] || JOB_LOGS=$(mktemp -d)
    "$@" >"$JOB_LOGS/$name" 2>&1 </dev/null &
    JOBS[$name]=$!
}
declare -A JOBS=()
JOB_LOGS=

# Waits for a background job, prints its output, and returns its exit code: join_job NAME
join_job() {
    local code=0
    wait "${JOBS[$1]}" || code=$?
    unset "JOBS[$1]"
    cat "$JOB_LOGS/$1"
    return "$code"
}

# For a trap: ends the jobs that nobody has waited for.
end_jobs() {
    local job children
    for job in "${JOBS[@]}"; do
        # A function or script runs in a shell of its own, whose end wouldn't end what it waits for.
        read -ra children <"/proc/$job/task/$job/children" || true
        kill "${children[@]}" "$job" || true
    done 2>/dev/null
    [[ -z $JOB_LOGS ]] || rm -rf "$JOB_LOGS"
}

# Creates a virtual environment with the host's python3: make_venv DIR
make_venv() {
    have python3 || install_packages python3 python3-venv
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        install_packages python3-venv
    fi
    python3 -m venv --clear "$1"
}

# Creates a virtual environment with uv, and sets UV to its binary. Downloads follow the machine's settings: proxies and UV_*
# variables as they are, otherwise pip's index and the system's certificates.
make_uv() {
    local home=$ROOT/.venv-uv
    UV=$home/bin/uv
    export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180}
    export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-https://pypi.org/simple}}
    if [[ -z ${SSL_CERT_FILE:-} && -f /etc/ssl/certs/ca-certificates.crt ]]; then
        export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
    fi
    # Scripts that run side by side share it.
    local lock
    exec {lock}>"$home.lock"
    flock "$lock"
    if ! stamped "$home/.stamp" "$UV_VERSION"; then
        make_venv "$home"
        "$home/bin/pip" install --quiet --disable-pip-version-check "uv==$UV_VERSION"
        echo "$UV_VERSION" >"$home/.stamp"
    fi
    exec {lock}>&-
}
