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
refused "$work/far.toml" "fallback = true"

configure true
serve "$work/far.toml" "$port"
grep -q '"why_not":"[^"]*broken.gguf' "$work/status" || { cat "$work/status"; exit 1; }
grep -q 'event=no_draft' "$work/served"
end_server
echo "ok served without it, and log and status say why"
