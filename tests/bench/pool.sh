#!/bin/sh
# One model over a pool of stock rpc-servers, each on a simulated machine behind a relay (5 ms each way, 100 Mb/s or
# 1 Gb/s): llama-server, llama-server with its own draft, Tightwad, Tightwad with a draft, in one table:
# pool.sh [--only ROW,ROW] [--pairs N] [--tokens N]
# Rows: stories2-100m stories2-1g stories4-100m stories4-1g (the link decides), the same of inflated and tinyllama (the
# processor decides; those at 100 Mb/s only with --only), and cache (what is sent when a model is loaded again). Needs
# root, two processor cores and an otherwise idle machine; 30 pairs take hours, three less than one.
# Last line: equal=… latency_vs_pool=… compute_vs_pool=… vs_draft_100m=… vs_draft_1g=… pool_only=… bytes_ratio=…
# plan_error=… ("-" = not measured)
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
. tests/bench/namespaces.sh
export TIGHTWAD_ENGINE=source # rpc-servers, llama-server and Tightwad run the same source, built for the same processor
make_machines home worker1 worker2 worker3 worker4
bench_build tightwad
quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target tw_relay
sh apps/setup/models.sh build-bench/bin/tightwad-make-model --bench
peer=$(sh apps/setup/engine.sh --peer)/bin/llama-server
run_bench home tests/bench/pool.mjs --out build-bench/pool --peer "$peer" \
    --rpc-server "$engine_dir/bin/ggml-rpc-server" "$@"
