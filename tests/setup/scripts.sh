#!/bin/sh
# The setup scripts with wrong words, an unusable cache and no network. scripts.sh CLONE
set -eu
setup=$1/apps/setup
. "$(dirname "$0")/refuse.sh"
export TIGHTWAD_CACHE="$work/cache"

refuse "demo.sh knows only --keep, not '--fast'" sh "$1/apps/demo.sh" --fast
refuse "packages.sh knows only --tests and --bench, not '--all'" sh "$setup/packages.sh" --all
refuse "engine.sh knows only --source and --peer, not '--cuda'" sh "$setup/engine.sh" --cuda
refuse "build-worker.sh knows --cpu, --cuda, --hip, --vulkan and --metal, not '--npu'" sh "$1/apps/build-worker.sh" --npu
refuse "build-worker.sh needs one of --cpu" sh "$1/apps/build-worker.sh"
refuse "image.sh knows build PREFIX and run, not '--all'" sh "$setup/image.sh" --all
refuse "models.sh knows --fetch, --tests and --bench, not '--all'" sh "$setup/models.sh" --all
refuse "models.sh needs the built tightwad-make-model, '$work/none' is not there" sh "$setup/models.sh" "$work/none"
refuse "TIGHTWAD_ENGINE is 'metal'; it may be prebuilt, source or system" \
    env TIGHTWAD_ENGINE=metal sh "$setup/engine.sh"
refuse "cannot write into the cache /proc/tightwad" env TIGHTWAD_CACHE=/proc/tightwad sh "$setup/engine.sh"
refuse "check the network and the npm registry setting" \
    env npm_config_registry=http://127.0.0.1:9 npm_config_fetch_retries=0 npm_config_cache="$work/npm" \
    sh "$setup/models.sh" --fetch
finish
