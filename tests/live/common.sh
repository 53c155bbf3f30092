# What the live tests share: where the models lie, a folder of their own. Sourced.
models=${TIGHTWAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tightwad}/models
work=$(mktemp -d)
export TIGHTWAD_STATE="$work/state"

free_port() { node "$(dirname "$0")/../support/free_port.mjs"; }

# refused CONFIG TEXT [COMMAND CODE]: serving ends with 1, or the command with that code, and says TEXT.
refused() {
    status=0
    "$tightwad" "${3:-serve}" -c "$1" >"$work/refused" 2>&1 || status=$?
    grep -q "$2" "$work/refused" && [ $status = "${4:-1}" ] || {
        echo "FAILED refusal: ${3:-serve} ended with $status, wanted ${4:-1} and '$2'; said:"
        cat "$work/refused"
        exit 1
    }
    echo "ok refused: $(grep "$2" "$work/refused" | head -n 1 | cut -c1-200)"
}

# serve CONFIG PORT: leaves the endpoint in $server, healthy, and what it says in $work/served.
serve() {
    "$tightwad" serve -c "$1" >"$work/served" 2>&1 &
    server=$!
    until curl -fs "http://127.0.0.1:$2/health" >/dev/null; do
        kill -0 $server 2>/dev/null || { cat "$work/served"; exit 1; }
        sleep 0.2
    done
    curl -fs "http://127.0.0.1:$2/v1/tightwad/status" >"$work/status"
}

end_server() {
    kill -TERM $server
    wait $server
    server=
}

# serve_llama PROGRAM ARGUMENT...: leaves a llama-server in $far, healthy, at $LLAMA_URL; what it says is in $LLAMA_LOG.
serve_llama() {
    far_port=$(free_port)
    export LLAMA_URL="http://127.0.0.1:$far_port"
    export LLAMA_LOG="$work/llama-server.log"
    "$@" --host 127.0.0.1 --port "$far_port" >"$LLAMA_LOG" 2>&1 &
    far=$!
    until curl -fs "$LLAMA_URL/health" >/dev/null; do
        kill -0 $far 2>/dev/null || { tail "$LLAMA_LOG"; exit 1; }
        sleep 0.2
    done
}
