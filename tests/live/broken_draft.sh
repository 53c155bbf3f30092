#!/bin/sh
# With a target on another machine: a draft here that cannot be loaded (its file names an architecture that llama.cpp does
# not have) is an error, or is left out when the pipeline says fallback = true. broken_draft.sh TIGHTWAD
set -eu
. "$(dirname "$0")/common.sh"
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null || true; rm -rf "$work"' EXIT
tightwad=$1
port=$(free_port)
far=$(free_port) # nobody is there

node -e 'const fs = require("fs"), bytes = fs.readFileSync(process.argv[1]), key = bytes.indexOf("general.architecture");
bytes.write("nonex", bytes.indexOf("llama", key)); fs.writeFileSync(process.argv[2], bytes)' \
    "$models/stories15m-q4_0.gguf" "$work/broken.gguf"

configure() {
    cat >"$work/far.toml" <<EOF
schema = 1
[server]
listen = "127.0.0.1:$port"
[backend.target]
plugin = "llamacpp"
url = "tw://127.0.0.1:$far"
[backend.draft]
plugin = "llamacpp"
model_path = "$work/broken.gguf"
[pipeline.main]
serves = ["m"]
target = "target"
draft = ["draft"]
fallback = $1
EOF
}

configure false
status=0
"$tightwad" serve -c "$work/far.toml" >"$work/refused" 2>&1 || status=$?
grep -q "fallback = true" "$work/refused" && [ $status = 1 ] || {
    echo "FAILED refusal: exit $status"
    cat "$work/refused"
    exit 1
}
echo "ok refused: $(grep "fallback = true" "$work/refused" | head -n 1 | cut -c1-200)"

configure true
"$tightwad" serve -c "$work/far.toml" >"$work/served" 2>&1 &
server=$!
until curl -fs "http://127.0.0.1:$port/health" >/dev/null; do
    kill -0 $server 2>/dev/null || { cat "$work/served"; exit 1; }
    sleep 0.2
done
curl -fs "http://127.0.0.1:$port/v1/tightwad/status" >"$work/status"
grep -q '"why_not":"[^"]*broken.gguf' "$work/status" || { cat "$work/status"; exit 1; }
grep -q 'event=no_draft' "$work/served"
kill -TERM $server
wait $server
server=
echo "ok served without it, and log and status say why"
