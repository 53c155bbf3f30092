#!/bin/sh
# A model whose window slides, as target and as its own forgetful drafter: sliding.sh TIGHTWAD NODE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
trap 'rm -rf "$work"' EXIT
"$2" "$here/tiny_olmo.mjs" "$work/olmo.gguf"
cat >"$work/sliding.toml" <<END
schema = 1
[backend.target]
plugin = "llamacpp"
model_path = "$work/olmo.gguf"
slots = 1
[backend.draft]
plugin = "llamacpp"
model_path = "$work/olmo.gguf"
context = 64
[pipeline.olmo]
serves = ["olmo"]
target = "target"
draft = ["draft"]
END
export TIGHTWAD_DRAFTING=streaming
sh "$here/with_server.sh" "$1" "$work/sliding.toml" "$2" "$here/sliding.mjs"
