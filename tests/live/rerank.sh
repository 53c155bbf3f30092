#!/bin/sh
# Documents in the order that a model in this process puts them in, beside a llama-server's: rerank.sh TIGHTWAD NODE LLAMA_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
far=
trap 'kill -9 $far 2>/dev/null || true; rm -rf "$work"' EXIT
tightwad=$1 node=$2 server_program=$3
for kind in '' ranks prompted; do "$node" "$here/tiny_bert.mjs" "$work/bert$kind.gguf" $kind; done

# near FILE KEYS: the table of a backend here; KEYS are further lines of it.
near() {
    cat <<END
schema = 1
[backend.near]
plugin = "llamacpp"
model_path = "$1"
embeddings = true
$2
[pipeline.near]
serves = ["near"]
target = "near"
END
}

# compare FILE KEYS
compare() {
    serve_llama "$server_program" -m "$1" --rerank -c 512 -np 1 -t 1
    near "$1" "$2" >"$work/rerank.toml"
    cat >>"$work/rerank.toml" <<END
[backend.far]
plugin = "llamacpp"
url = "$LLAMA_URL"
[pipeline.far]
serves = ["far"]
target = "far"
END
    sh "$here/with_server.sh" "$tightwad" "$work/rerank.toml" "$node" "$here/rerank.mjs"
    kill -9 $far
    wait $far 2>/dev/null || true
}
compare "$work/bertranks.gguf" ''
TIGHTWAD_PROMPTED=1
export TIGHTWAD_PROMPTED
compare "$work/bertprompted.gguf" 'pooling = "rank"'

near "$work/bert.gguf" 'pooling = "rank"' >"$work/headless.toml"
refused "$work/headless.toml" 'holds no head that scores a document' check 2
