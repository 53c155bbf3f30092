#!/bin/sh
# Model files that cannot be served: one clear sentence, exit 2, nothing started. bad_models.sh TIGHTWAD
set -eu
. "$(dirname "$0")/common.sh"
trap 'rm -rf "$work"' EXIT
tightwad=$1
good=$models/stories15m-q4_0.gguf
port=$(free_port)
failed=0

# refuse NAME FILE SENTENCE-PART: both `check` and `serve` end with 2 and say it.
refuse() {
    cat >"$work/$1.toml" <<EOF
schema = 1
[server]
listen = "127.0.0.1:$port"
[backend.target]
plugin = "llamacpp"
model_path = "$2"
[pipeline.main]
serves = ["m"]
target = "target"
EOF
    for command in check serve; do
        status=0
        "$tightwad" $command -c "$work/$1.toml" >"$work/out" 2>&1 || status=$?
        if [ $status != 2 ] || ! grep -q "$3" "$work/out"; then
            echo "FAILED $1 $command: exit $status, wanted 2 and '$3'; said:"
            cat "$work/out"
            failed=1
        else
            echo "ok $1 $command: $(grep "$3" "$work/out" | head -n 1 | cut -c1-160)"
        fi
    done
}

echo "this is a text, not a model" >"$work/text.gguf"
head -c 300000 "$good" >"$work/cut-header.gguf"
head -c $(($(stat -c %s "$good") - 4096)) "$good" >"$work/cut-data.gguf"
: >"$work/empty.gguf"
mkdir "$work/folder.gguf"
refuse missing "$work/none.gguf" "none.gguf is not there"
refuse folder "$work/folder.gguf" "folder.gguf is not a file"
refuse text "$work/text.gguf" "text.gguf is not GGUF"
refuse empty "$work/empty.gguf" "empty.gguf is not GGUF"
refuse cut-header "$work/cut-header.gguf" "cut-header.gguf .* damaged or cut header"
refuse cut-data "$work/cut-data.gguf" "cut-data.gguf is cut short"
exit $failed
