#!/bin/sh
# `cmake --install` gives a tree that works away from the clone and from the cache's engine, and moved elsewhere.
# install.sh CMAKE BUILD_DIR CONFIG
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
trap 'rm -rf "$work"' EXIT
"$1" --install "$2" --prefix "$work/first" >"$work/install.log" || { tail "$work/install.log"; exit 1; }
mv "$work/first" "$work/moved"
tightwad=$work/moved/bin/tightwad
cd "$work"
"$tightwad" --version
"$tightwad" plugins >plugins.txt
grep llamacpp plugins.txt
plugin=$(find "$work/moved" -name llamacpp.so)
ldd "$plugin" | grep libllama | grep -q "$work/moved" || {
    echo "FAILED: the installed plugin does not use the installed engine:"
    ldd "$plugin"
    exit 1
}
"$here/with_server.sh" "$tightwad" "$3" sh -c 'curl -fs "$TIGHTWAD_URL/v1/chat/completions" \
    -H "Authorization: Bearer $TIGHTWAD_TOKEN" -H "Content-Type: application/json" \
    -d "{\"model\":\"$TIGHTWAD_MODEL\",\"max_tokens\":8,\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"' >answer.json
grep -q '"completion_tokens":' answer.json
echo "ok an installed and moved tree serves"
