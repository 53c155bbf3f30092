#!/bin/sh
# The real llama-server behind Tightwad: llama_server.sh TIGHTWAD NODE LLAMA_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
far=
trap 'kill -9 $far 2>/dev/null || true; rm -rf "$work"' EXIT
serve_llama "$3" -m "$models/stories15m-q8_0.gguf" -c 1024 -np 2 -t 1
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
