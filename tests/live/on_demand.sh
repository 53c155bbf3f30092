#!/bin/sh
# Two models of which the memory holds one: on_demand.sh TIGHTWAD NODE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
trap 'rm -rf "$work"' EXIT
cat >"$work/two.toml" <<END
schema = 1
[server]
model_memory = "70MB"
[backend.one]
plugin = "llamacpp"
model_path = "cache:stories15m-q8_0.gguf"
slots = 1
[backend.two]
plugin = "llamacpp"
model_path = "cache:stories15m-f32.gguf"
slots = 1
[backend.large]
plugin = "llamacpp"
model_path = "cache:tinyllama-1.1b-chat-q4_0.gguf"
slots = 1
[pipeline.one]
serves = ["one"]
target = "one"
load = "on-demand"
idle_timeout = "2s"
[pipeline.two]
serves = ["two"]
target = "two"
load = "on-demand"
[pipeline.large]
serves = ["large"]
target = "large"
load = "on-demand"
END
sh "$here/with_server.sh" "$1" "$work/two.toml" "$2" "$here/on_demand.mjs"
