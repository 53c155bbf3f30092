#!/bin/sh
# Tightwad on one machine against its target alone and against llama-server, in one run:
# local.sh [--only ROW,ROW] [--pairs N] [--tokens N]. About an hour with 30 pairs on 2 cores.
# --target FILE puts another model of the cache in the place of the rows inflated, plain and eight, --gpu takes the KV types
# that a GPU gets: `tightwad-make-model widen` makes a model that costs a GPU what a large one does.
# Last line: equal=… slowest=… inflated_vs_predicted=… (the ratios of the table, "-" = not measured)
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
export TIGHTWAD_ENGINE=source # llama-server and Tightwad run the same source, built for the same processor
bench_build tightwad
quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target plugin_unruly
sh apps/setup/models.sh build-bench/bin/tightwad-make-model --bench
peer=$(sh apps/setup/engine.sh --peer)/bin/llama-server
exec node tests/bench/local.mjs --out build-bench/local --tightwad build-bench/bin/tightwad --peer "$peer" \
    --models "$models" --plugins build-bench/lib/tightwad/plugins --plugins build-bench/tests/plugins/unruly "$@"
