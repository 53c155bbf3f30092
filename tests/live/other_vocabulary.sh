#!/bin/sh
# A draft whose vocabulary differs from the target's (MiniMind2 with TinyLlama) is refused in one sentence, or
# left out when the pipeline says fallback = true. other_vocabulary.sh TIGHTWAD
set -eu
. "$(dirname "$0")/common.sh"
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null || true; rm -rf "$work"' EXIT
tightwad=$1
port=$(free_port)

configure() {
    cat >"$work/pair.toml" <<EOF
schema = 1
[server]
listen = "127.0.0.1:$port"
[backend.target]
plugin = "llamacpp"
model_path = "$models/tinyllama-1.1b-chat-q4_0.gguf"
[backend.draft]
plugin = "llamacpp"
model_path = "$models/minimind2-vocabulary.gguf"
[pipeline.main]
serves = ["m"]
target = "target"
draft = ["draft"]
fallback = $1
EOF
}

configure false
refused "$work/pair.toml" "(6400 tokens) and the target 'target' (32000 tokens) have different vocabularies"

configure true
serve "$work/pair.toml" "$port"
grep -q '"active":false' "$work/status" && grep -q 'different vocabularies' "$work/status"
curl -fs "http://127.0.0.1:$port/v1/completions" -H 'Content-Type: application/json' \
    -d '{"model":"m","prompt":"Once upon a time","max_tokens":8,"temperature":0}' | grep -q '"completion_tokens":8'
end_server
echo "ok served without drafts, and the status says why"
