#!/bin/sh
# Installs what the build needs from Debian 12 (with --tests also Catch2, with --bench Catch2 and wrk), or names it on other
# systems.
tw_root=$(cd "$(dirname "$0")/../.." && pwd)
. "$tw_root/apps/setup/common.sh"

want=${1:-}
case $want in
'' | --tests | --bench) ;;
*) fail "packages.sh knows only --tests and --bench, not '$want'" ;;
esac

packages="g++ cmake ninja-build ccache curl ca-certificates openssl git libboost1.81-dev
libtomlplusplus-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libssl-dev libyaml-cpp-dev"
have npm || packages="$packages nodejs npm"
[ "$want" != --bench ] || packages="$packages wrk"

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }

missing_packages() {
    for package in "$@"; do
        installed "$package" || printf '%s ' "$package"
    done
}

# require_root: refuses early, and lets sudo ask for its password while the terminal is still ours.
require_root() {
    [ "$(id -u)" = 0 ] && return 0
    have sudo || fail "installing packages needs root and sudo is not there; as root, run: apt-get install $missing"
    sudo -n true 2>/dev/null && return 0
    [ -t 0 ] || fail "installing packages needs root and sudo asks for a password; as root, run: apt-get install $missing"
    sudo -v || fail "sudo refused; as root, run: apt-get install $missing"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# quietly TEXT COMMAND...: runs it with its output kept back, shown only when it fails.
quietly() {
    quiet_what=$1
    shift
    quiet_log=$(mktemp)
    if as_root "$@" >"$quiet_log" 2>&1 </dev/null; then
        rm -f "$quiet_log"
        return 0
    fi
    tail -n 20 "$quiet_log" >&2
    rm -f "$quiet_log"
    fail "$quiet_what failed; apt's last words are above"
}

apt_install() { quietly "apt-get install $*" apt-get install -y -q --no-install-recommends "$@"; }

# The machine's own entry for Debian's main archive with the suite replaced, in whichever form it is written.
backports_entry() {
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        grep -v '^#' "$file" | awk 'BEGIN { RS = ""; ORS = "\n\n" }
            /(^|\n)Types:[^\n]*deb/ && /\/debian([\/ \n]|$)/ && /bookworm/ && !/Enabled: *no/ { print; exit }' |
            sed 's/^Suites:.*/Suites: bookworm-backports/' >"$1/backports.sources"
        [ -s "$1/backports.sources" ] && entry=$1/backports.sources && return 0
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        sed -n -E 's#^(deb( +\[[^]]*\])? +[^ ]+/debian(/[^ ]*)?) +bookworm +.*#\1 bookworm-backports main#p' "$file" |
            head -n 1 >"$1/backports.list"
        [ -s "$1/backports.list" ] && entry=$1/backports.list && return 0
    done
    return 1
}

# Catch2 3 comes from backports through a private list; the machine's own sources stay as they are.
install_catch2() {
    private=$(mktemp -d)
    trap 'rm -rf "$private" 2>/dev/null || as_root rm -rf "$private"' EXIT
    chmod 755 "$private"
    mkdir -p "$private/lists/partial"
    entry=
    backports_entry "$private" ||
        fail "no entry for the Debian archive in /etc/apt; add one, or install Catch2 3.4 or newer yourself"
    set -- -o "Dir::Etc::SourceList=$entry" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$private/lists" \
        -o APT::Sandbox::User=root
    quietly "apt-get update for backports" apt-get update -q \
        -o APT::Update::Error-Mode=any "$@"
    quietly "apt-get install catch2" apt-get install -y -q --no-install-recommends "$@" \
        -t bookworm-backports catch2
}

catch2_there() {
    case $(dpkg-query -W -f '${db:Status-Abbrev}${Version}' catch2 2>/dev/null) in
    'ii 3.'*) return 0 ;;
    *) return 1 ;;
    esac
}

on_debian_12() {
    [ -r /etc/os-release ] || return 1
    (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]) && have apt-get
}

# Elsewhere nothing is installed: what can be checked is checked, the rest is named.
check_other_system() {
    lacking=
    [ "$(g++ -dumpversion 2>/dev/null | cut -d. -f1)" -ge 12 ] 2>/dev/null || lacking=" g++-12"
    echo '#include <boost/version.hpp>
#if BOOST_VERSION < 108100
#error
#endif' | g++ -E -x c++ - >/dev/null 2>&1 || lacking="$lacking boost-1.81"
    for program in cmake ninja curl openssl git npm; do
        have "$program" || lacking="$lacking $program"
    done
    [ "$want" != --bench ] || have wrk || lacking="$lacking wrk"
    for header in boost/dll.hpp toml++/toml.h nlohmann/json.hpp spdlog/spdlog.h CLI/CLI.hpp openssl/ssl.h \
        yaml-cpp/yaml.h; do
        have g++ || break
        printf '#include <%s>\n' "$header" | g++ -std=c++20 -E -x c++ - >/dev/null 2>&1 || lacking="$lacking <$header>"
    done
    [ -z "$lacking" ] && return 0
    fail "this is not Debian 12, so nothing was installed; missing:$lacking. Install g++ 12 or newer, cmake 3.25 \
or newer, ninja, ccache, curl, openssl, git, npm and the headers of Boost 1.81 or newer, toml++ 3, nlohmann-json 3.11, \
spdlog, CLI11 2, OpenSSL 3 and yaml-cpp 0.7 (for the tests also Catch2 3), then run this again"
}

if ! on_debian_12; then
    check_other_system
    exit 0
fi
# shellcheck disable=SC2086 # a list of names, split on purpose
missing=$(missing_packages $packages)
if [ -n "$missing" ]; then
    require_root
    say "      installing: $missing"
    quietly "apt-get update" apt-get update -q
    # shellcheck disable=SC2086
    apt_install $missing
fi
if [ -n "$want" ] && ! catch2_there; then
    missing="catch2 (version 3, from bookworm-backports)"
    require_root
    say "      installing: $missing"
    install_catch2
fi
