#!/bin/sh
# From a bare machine to an answer: installs, builds, fetches the models, serves, asks one question twice.
# --keep leaves the endpoint running. Everything that is there already is skipped.
tw_root=$(cd "$(dirname "$0")/.." && pwd)
. "$tw_root/apps/setup/common.sh"
cd "$tw_root"

keep=no
case ${1:-} in
'') ;;
--keep) keep=yes ;;
*) fail "demo.sh knows only --keep, not '$1'" ;;
esac

question='What is a llama? Answer in three sentences.'
config=configs/demo.toml
tightwad=build/bin/tightwad
state=$tw_cache/demo
log=$state/endpoint.log
server=
began=$(now)

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    waited=0
    while kill -0 "$server" 2>/dev/null && [ "$waited" -lt 75 ]; do
        sleep 0.2
        waited=$((waited + 1))
    done
    kill -9 "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
    rm -f "$state/pid"
}
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

step 1/6 "packages (about 1 min on a bare machine)"
sh apps/setup/packages.sh
step_done

step 2/6 "the llama.cpp engine (about 1 min the first time)"
find_engine
step_done

mkdir -p "$state"
step 3/6 "build (about 8 min on 2 cores the first time)"
use_ccache
quiet_run "$tw_root/build/configure.log" "cmake" cmake --preset release "-DTIGHTWAD_ENGINE_DIR=$engine_dir"
quiet_run "$tw_root/build/build.log" "the build" cmake --build build --target tightwad plugin_llamacpp tightwad-make-model
step_done

step 4/6 "models: TinyLlama 1.1B and its drafter (430 MB and about 1 min the first time)"
sh apps/setup/models.sh build/bin/tightwad-make-model
step_done

answers() { curl --silent --fail --max-time 2 --output /dev/null "$url/health"; }

# An endpoint that an earlier --keep left behind is ours to stop; anything else on the port is not.
clear_the_port() {
    answers || return 0
    earlier=$(cat "$state/pid" 2>/dev/null || true)
    if [ -n "$earlier" ] && tr '\0' ' ' <"/proc/$earlier/cmdline" 2>/dev/null | grep -q "serve -c $config"; then
        say "      stopping the endpoint that an earlier demo left running"
        kill "$earlier"
        while kill -0 "$earlier" 2>/dev/null; do sleep 0.2; done
    else
        fail "$url is in use by another program; stop it, or change listen in $config"
    fi
}

# A busy machine may take long, and says how far it is; one that says nothing for two minutes is stuck.
wait_until_ready() {
    said=
    until answers; do
        length=$(wc -c <"$log")
        if [ "$length" != "$said" ]; then
            said=$length
            deadline=$(($(now) + 120))
        fi
        if ! kill -0 "$server" 2>/dev/null; then
            wait "$server" || true
            tail -n 20 "$log" >&2
            server=
            fail "the endpoint ended before it was ready; its last lines are above, the whole log is $log"
        fi
        [ "$(now)" -lt "$deadline" ] || fail "the endpoint is not ready and has said nothing for 120 s; its log is $log"
        sleep 0.2
    done
}

step 5/6 "starting the endpoint (a few seconds)"
listen=$(sed -n 's/^listen *= *"\([^"]*\)".*/\1/p' "$config")
url=http://${listen:-127.0.0.1:8088}
clear_the_port
nohup "$tightwad" serve -c "$config" >"$log" 2>&1 </dev/null &
server=$!
echo "$server" >"$state/pid"
wait_until_ready
step_done

# ask NAME [OPTION]: streams the answer, keeps it as NAME.answer and its statistics as NAME.stats.
ask() {
    name=$1
    shift
    {
        status=0
        printf '%s\n' "$question" | "$tightwad" chat -c "$config" "$@" 2>"$state/$name.stats" || status=$?
        echo "$status" >"$state/$name.status"
    } | tee "$state/$name.answer"
    if [ "$(cat "$state/$name.status")" != 0 ]; then
        cat "$state/$name.stats" >&2
        fail "the endpoint did not answer; its log is $log"
    fi
}

# stat_of NAME KEY: one value of the statistics line.
stat_of() { tr ' ' '\n' <"$state/$1.stats" | sed -n "s/^$2=//p" | tail -n 1; }

step 6/6 "one question, with speculation and then without"
say "      > $question"
ask on
say "      the same question without speculation:"
ask off --direct
step_done

identical=0
cmp -s "$state/on.answer" "$state/off.answer" && [ -s "$state/on.answer" ] && identical=1
echo
echo "acceptance: $(stat_of on acceptance) of the drafted tokens ($(stat_of on accepted) of $(stat_of on drafted))"
echo "endpoint:   $url/v1 (OpenAI-compatible), log $log"
if [ "$keep" = yes ]; then
    server=
    echo "it keeps running; stop it with: $tightwad stop -c $config"
fi
echo "all steps:  $(($(now) - began)) s"
echo "identical=$identical tok_s_on=$(stat_of on tok_s) tok_s_off=$(stat_of off tok_s)"
[ "$identical" = 1 ]
