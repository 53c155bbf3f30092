#!/bin/sh
# The real llama-server behind Tightwad: llama_server.sh TIGHTWAD NODE LLAMA_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
far_port=$(free_port)
"$3" -m "$models/stories15m-q8_0.gguf" --host 127.0.0.1 --port "$far_port" -c 1024 -np 2 -t 1 \
    >"$work/llama-server.log" 2>&1 &
far=$!
trap 'kill -9 $far 2>/dev/null || true; rm -rf "$work"' EXIT
export LLAMA_URL="http://127.0.0.1:$far_port"
until curl -fs "$LLAMA_URL/health" >/dev/null; do
    kill -0 $far 2>/dev/null || { tail "$work/llama-server.log"; exit 1; }
    sleep 0.2
done
cat >"$work/far.toml" <<END
schema = 1
[backend.far]
plugin = "llamacpp"
url = "$LLAMA_URL"
[pipeline.main]
serves = ["stories"]
target = "far"
END
sh "$here/with_server.sh" "$1" "$work/far.toml" "$2" "$here/llama_server.mjs"
