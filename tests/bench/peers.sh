#!/bin/sh
# Tightwad across machines: proxy, target and drafter as processes of their own, each in a network namespace, with
# relays that delay what passes between them: peers.sh [--only ROW,ROW] [--pairs N] [--tokens N] [--jitter-ms N] [--rate B/s]
# Rows: rtt0 rtt2 rtt10 rtt40 rtt100 unpinned. Needs root, two processor cores and an otherwise idle machine.
# Last line: equal=… slowest=… worst_vs_predicted=… bytes_per_round=… round_ms=… ("-" = not measured)
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
. tests/bench/namespaces.sh
make_machines proxy target drafter
bench_build tightwad
quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target tw_relay
sh apps/setup/models.sh build-bench/bin/tightwad-make-model --bench
run_bench proxy tests/bench/peers.mjs --out build-bench/peers "$@"
