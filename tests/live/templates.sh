#!/bin/sh
# A chat template by its name: templates.sh TIGHTWAD NODE
set -eu
here=$(dirname "$0")
. "$here/common.sh"
trap 'rm -rf "$work"' EXIT
sed 's/"mistral-v1"/"mistral"/' "$here/named_template.toml" >"$work/unknown.toml"
tightwad=$1
refused "$work/unknown.toml" 'chat_template is "mistral", .*Built in are .*llama3, .*mistral-v1, ' check 2
sh "$here/with_server.sh" "$tightwad" "$here/named_template.toml" "$2" "$here/templates.mjs"
