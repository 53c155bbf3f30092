#!/bin/sh
# Answers under a grammar with forced drafts, over two pairs of models: grammar.sh LIVE_GRAMMAR
set -eu
. "$(dirname "$0")/common.sh"
trap 'rm -rf "$work"' EXIT
"$1" "$models/tinyllama-1.1b-chat-q4_0.gguf" "$models/stories15m-q8_0.gguf"
"$1" "$models/tinyllama-1.1b-chat-q4_0.gguf" "$models/tinyllama-1.1b-chat-iq2_xxs.gguf"
