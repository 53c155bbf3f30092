#!/bin/sh
# Ollama's API, spoken by a small server with a llama-server's text: ollama.sh TIGHTWAD NODE LLAMA_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
far= api=
trap 'kill -9 $far $api 2>/dev/null || true; rm -rf "$work"' EXIT
serve_llama "$3" -m "$models/stories15m-q8_0.gguf" -c 1024 -np 2 -t 1
OLLAMA_PORT=$(free_port)
export OLLAMA_PORT
"$2" "$here/ollama_api.mjs" &
api=$!
until curl -fs "http://127.0.0.1:$OLLAMA_PORT/api/version" >/dev/null; do
    kill -0 $api 2>/dev/null || exit 1
    sleep 0.2
done
cat >"$work/ollama.toml" <<END
schema = 1
[backend.far]
plugin = "ollama"
url = "http://127.0.0.1:$OLLAMA_PORT"
model = "stories"
context = 1024
[pipeline.main]
serves = ["stories"]
target = "far"
END
sh "$here/with_server.sh" "$1" "$work/ollama.toml" "$2" "$here/ollama.mjs"
