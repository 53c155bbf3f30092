#!/bin/sh
# A chat template by its name: templates.sh TIGHTWAD NODE
set -eu
here=$(dirname "$0")
. "$here/common.sh"
trap 'rm -rf "$work"' EXIT
sed 's/"mistral-v1"/"mistral"/' "$here/named_template.toml" >"$work/unknown.toml"
status=0
"$1" check -c "$work/unknown.toml" >"$work/out" 2>&1 || status=$?
if [ $status != 2 ] || ! grep -q 'chat_template is "mistral", .*Built in are .*llama3, .*mistral-v1, ' "$work/out"; then
    echo "FAILED an unknown name: exit $status; said:"
    cat "$work/out"
    exit 1
fi
echo "ok an unknown name is told which there are"
sh "$here/with_server.sh" "$1" "$here/named_template.toml" "$2" "$here/templates.mjs"
