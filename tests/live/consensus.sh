#!/bin/sh
# Drafters that agree, before a target that is so slow that drafts pay on any machine: consensus.sh TIGHTWAD MAKE_MODEL NODE
set -eu
. "$(dirname "$0")/common.sh"
here=$(dirname "$0")
trap 'rm -rf "$work"' EXIT
"$2" inflate "$models/stories15m-q8_0.gguf" "$work/target.gguf" 200
sed "s|^model_path = \"target.gguf\"|model_path = \"$work/target.gguf\"|" "$here/consensus.toml" >"$work/consensus.toml"
sh "$here/with_server.sh" "$1" "$work/consensus.toml" "$3" "$here/consensus.mjs"
