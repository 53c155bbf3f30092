#!/bin/sh
# An inflated model computes the same function, bit for bit, in every weight type: inflate.sh MAKE_MODEL LIVE_INFLATE
set -eu
. "$(dirname "$0")/common.sh"
maker=$1
compare=$2
trap 'rm -rf "$work"' EXIT

# same MODEL: with more added blocks than it has, it answers as before.
same() {
    basename "$1"
    "$maker" inflate "$1" "$work/inflated.gguf" 8
    "$compare" "$1" "$work/inflated.gguf"
}

for type in f32 q8_0 q4_0; do same "$models/stories15m-$type.gguf"; done
"$compare" arrays "$models/stories15m-q4_0.gguf" "$work/arrays.gguf"
same "$work/arrays.gguf"
