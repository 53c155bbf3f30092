#!/bin/sh
# Embeddings of models in this process beside those of a llama-server: embeddings.sh TIGHTWAD NODE LLAMA_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
far=
trap 'kill -9 $far 2>/dev/null || true; rm -rf "$work"' EXIT
"$2" "$here/tiny_bert.mjs" "$work/bert.gguf"

# compare MODEL KEYS: KEYS are further lines of the backend's table.
compare() {
    # One text at a time: with a cache for each slot it splits texts of unequal length over passes and pools the last alone.
    serve_llama "$server_program" -m "$1" --embeddings --pooling mean -c 512 -np 1 -t 1
    cat >"$work/embeddings.toml" <<END
schema = 1
[backend.near]
plugin = "llamacpp"
model_path = "$1"
embeddings = true
$2
[backend.far]
plugin = "llamacpp"
url = "$LLAMA_URL"
[pipeline.near]
serves = ["near"]
target = "near"
[pipeline.far]
serves = ["far"]
target = "far"
END
    sh "$here/with_server.sh" "$tightwad" "$work/embeddings.toml" "$node" "$here/embeddings.mjs"
    kill -9 $far
    wait $far 2>/dev/null || true
}
tightwad=$1 node=$2 server_program=$3
TIGHTWAD_KNOWS_DOGS=1
export TIGHTWAD_KNOWS_DOGS
compare "$models/stories15m-q8_0.gguf" 'pooling = "mean"'
TIGHTWAD_KNOWS_DOGS=
compare "$work/bert.gguf" ''
