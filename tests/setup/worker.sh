#!/bin/sh
# build-worker.sh --cpu gives the rpc-server of the engine that is there, which runs. worker.sh CLONE ENGINE_DIR
# Skipped where the engine is none of this revision: to build one takes too long for a test.
tw_root=$1
. "$tw_root/apps/setup/common.sh"
. "$tw_root/apps/setup/llama_source.sh"
case $(basename "$2") in
*-openmp) name= ;;
"$tw_llama_version-source$source_revision-"*) name=$(basename "$2") ;;
*) name= ;;
esac
[ -n "$name" ] && [ "$tw_cache/engine/$name" -ef "$2" ] || {
    echo "skipped: $2 is no engine that build-worker.sh would find"
    exit 77
}
printed=$(sh "$tw_root/apps/build-worker.sh" --cpu)
[ "$printed" -ef "$2/bin/ggml-rpc-server" ] || fail "build-worker.sh --cpu printed $printed"
"$printed" --help 2>&1 | grep -q -e --cache || fail "$printed does not run, or has no cache"
"$printed" --device none 2>&1 | grep -q '^  CPU: ' || fail "$printed lists no processor"
echo "ok $printed"
