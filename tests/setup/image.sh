#!/bin/sh
# The lines of the Dockerfile, run in two plain Debian 12 trees made with debootstrap, and the program started there.
# Needs root and debootstrap (77 = skipped without them), the models of tests/run.sh, 4 GB and about ten minutes. This
# machine's archive of packages, resolver and certificate authorities are lent to the trees.
tw_root=$(cd "$(dirname "$0")/../.." && pwd)
. "$tw_root/apps/setup/common.sh"
cd "$tw_root"
model=stories15m-q8_0.gguf
skip() {
    say "skipped: $*"
    exit 77
}
[ "$(id -u)" = 0 ] || skip "debootstrap and chroot need root"
have debootstrap || skip "debootstrap is missing; run: apt-get install debootstrap"
[ -f "$tw_models/$model" ] || fail "$tw_models/$model is missing; sh tests/run.sh makes it"
work=$(mktemp -d)
server=
front=
trap 'for one in $server $front; do kill -9 "$one" 2>/dev/null || true; done; rm -rf --one-file-system "$work"' EXIT

# The Debian archive in this machine's own configuration of apt.
mirror() {
    cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
        sed -n -E 's#^(URIs:|deb( +\[[^]]*\])?) +([^ ]+/debian/?)( .*)?$#\3#p' | head -n 1
}

# line WORD [NUMBER]: what follows WORD in the Dockerfile, the NUMBER-th time; lists as plain words.
line() { sed -n "s/^$1 //p" Dockerfile | sed -n "${2:-1}p" | sed '/^\[/s/[]["]//g; s/, / /g'; }

# inside TREE USER COMMAND [VARIABLE=VALUE...]: with no other variables, /proc and /dev in a namespace of its own. Its
# process is the command's.
inside() {
    # shellcheck disable=SC2016 # for the inner shell
    exec unshare --mount sh -c '
        tree=$1 user=$2 command=$3
        shift 3
        mount -t proc proc "$tree/proc" && mount --rbind /dev "$tree/dev"
        exec chroot --userspec="$user" "$tree" env -i \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" sh -c "$command"' sh "$@"
}

# stage TREE COMMAND: a RUN line as root; its words in $work/log, shown when it fails.
stage() {
    (inside "$1" root "$2" HOME=/root NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt) >"$work/log" 2>&1 </dev/null && return 0
    tail -n 30 "$work/log" >&2
    fail "the image's step failed: $2"
}

step 1/5 "two plain Debian trees"
quiet_run "$work/log" debootstrap debootstrap --variant=minbase bookworm "$work/image" "$(mirror)"
cp /etc/resolv.conf "$work/image/etc/resolv.conf"
mkdir -p "$work/image/usr/local/share/ca-certificates"
cp /etc/ssl/certs/ca-certificates.crt "$work/image/usr/local/share/ca-certificates/lent.crt"
cp -a "$work/image" "$work/build"
step_done

step 2/5 "$(line RUN 1)"
mkdir "$work/build/src"
git ls-files -co --exclude-standard | tar -c -T - | tar -x -C "$work/build/src"
stage "$work/build" "$(line RUN 1)"
step_done

step 3/5 "$(line RUN 2)"
cp apps/setup/image.sh "$work/image/tmp/image.sh"
stage "$work/image" "$(line RUN 2)"
cp -a "$work/build/opt/tightwad/." "$work/image/usr/local/"
step_done

step 4/5 "$(line ENTRYPOINT) $(line CMD)"
free_port() { node tests/support/free_port.mjs; }
port=$(free_port)
mkdir -p "$work/image/var/cache/tightwad/models"
cp "$tw_models/$model" "$work/image/var/cache/tightwad/models/"
cat >"$work/image/etc/tightwad.toml" <<END
schema = 1
[backend.target]
plugin = "llamacpp"
model_path = "cache:$model"
context = 256
[pipeline.chat]
serves = ["stories"]
target = "target"
END
# as_user COMMAND [VARIABLE=VALUE...]: what the container would run, on a port that is free here.
as_user() {
    command="cd $(line WORKDIR) && $1"
    shift
    # shellcheck disable=SC2046 # the variables of the ENV line, one word each
    inside "$work/image" "$(line USER)" "$command" $(line ENV) HOME=/var/lib/tightwad TIGHTWAD_PORT="$port" "$@"
}
healthy() { (as_user "$(line HEALTHCHECK | sed 's/.* CMD //')" "$@") >/dev/null 2>&1; }
serve="exec $(line ENTRYPOINT) $(line CMD)"
# becomes_healthy PROCESS LOG [VARIABLE=VALUE...]
becomes_healthy() {
    process=$1 words=$2
    shift 2
    deadline=$(($(now) + 120))
    until healthy "$@"; do
        kill -0 "$process" 2>/dev/null && [ "$(now)" -lt "$deadline" ] || { cat "$words" >&2; fail "it does not become healthy"; }
        sleep 0.5
    done
}
# answers PORT TOKEN
answers() {
    curl -fs "http://127.0.0.1:$1/v1/completions" -H "Authorization: Bearer $2" -H 'Content-Type: application/json' \
        -d '{"model":"stories","prompt":"Once upon a time","max_tokens":8}' >"$work/answer" || fail "it does not answer"
    grep -q '"completion_tokens":' "$work/answer" || fail "its answer has no tokens: $(cat "$work/answer")"
}

(as_user "$serve") >"$work/log" 2>&1 && fail "it serves other machines without a token"
grep -q 'without a token' "$work/log" || { cat "$work/log" >&2; fail "without a token it says something else"; }
as_user "$serve" TIGHTWAD_PROXY_TOKEN=right >"$work/log" 2>&1 &
server=$!
becomes_healthy "$server" "$work/log" TIGHTWAD_PROXY_TOKEN=right
healthy TIGHTWAD_PROXY_TOKEN=wrong && fail "the health check passes with a wrong token"
answers "$port" right
step_done

step 5/5 "variables alone, before the server that runs"
rm "$work/image/etc/tightwad.toml"
front_port=$(free_port)
set -- TIGHTWAD_PROXY_TOKEN=other TIGHTWAD_PORT="$front_port" TIGHTWAD_STATE=/tmp/front TIGHTWAD_TARGET_BACKEND=llamacpp \
    TIGHTWAD_TARGET_URL="http://127.0.0.1:$port" TIGHTWAD_TARGET_MODEL=stories TIGHTWAD_TARGET_API_KEY=right
as_user "$serve" "$@" >"$work/front.log" 2>&1 &
front=$!
becomes_healthy "$front" "$work/front.log" "$@"
answers "$front_port" other
for one in "$front" "$server"; do
    kill -TERM "$one"
    wait "$one" || fail "it ended with $? on SIGTERM"
done
server=
front=
step_done
say "ok the image builds, becomes healthy by its token, answers, does so by variables alone, and ends"
