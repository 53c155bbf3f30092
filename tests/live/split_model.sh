#!/bin/sh
# A model in two files answers as it does in one; a part that is missing, cut or not the first is told before anything is
# loaded. split_model.sh TIGHTWAD MAKE_MODEL
set -eu
. "$(dirname "$0")/common.sh"
server=
trap '[ -z "$server" ] || kill -9 $server 2>/dev/null || true; rm -rf "$work"' EXIT
tightwad=$1
whole=$models/stories15m-q4_0.gguf
"$2" split "$whole" "$work/story"
first=$work/story-00001-of-00002.gguf second=$work/story-00002-of-00002.gguf
port=$(free_port)

# config FILE MODEL
config() {
    cat >"$1" <<EOF
schema = 1
[server]
listen = "127.0.0.1:$port"
[backend.target]
plugin = "llamacpp"
model_path = "$2"
context = 256
slots = 1
[pipeline.main]
serves = ["story"]
target = "target"
EOF
}

# answer MODEL OUT
answer() {
    config "$work/c.toml" "$1"
    serve "$work/c.toml" "$port"
    curl -fs "http://127.0.0.1:$port/v1/completions" -H 'content-type: application/json' \
        -d '{"model":"story","prompt":"Once upon a time","max_tokens":60,"temperature":0}' |
        node -e 'process.stdin.on("data", (bytes) => console.log(JSON.parse(bytes).choices[0].text))' >"$2"
    end_server
}

answer "$whole" "$work/whole.txt"
answer "$first" "$work/split.txt"
[ "$(wc -c <"$work/whole.txt")" -gt 100 ]
cmp "$work/whole.txt" "$work/split.txt"
echo "ok a model in two files answers as in one"

# told MODEL SENTENCE-PART
told() {
    config "$work/c.toml" "$1"
    refused "$work/c.toml" "$2" check 2
}

told "$second" "story-00002-of-00002.gguf is not the first; write $first as model_path"
cp "$first" "$work/renamed.gguf"
told "$work/renamed.gguf" "renamed.gguf is called otherwise than NAME-00001-of-00003.gguf"
size=$(stat -c %s "$second")
truncate -s $((size - 4096)) "$second"
told "$first" "story-00002-of-00002.gguf is cut short"
rm "$second"
told "$first" "The model lies in 2 files, and $second is not there"
