#!/bin/sh
# Passing requests on: what Tightwad adds to a stub of a server, which answers at once. front.sh [--only ROW,ROW] [--pairs N]
# Rows: rate rate-stream (1,000 requests/s, whether or not the earlier ones are answered; a pair is a second straight to the
# stub and a second through Tightwad), saturated saturated-stream (wrk, 64 connections: requests/s, and what the latencies
# differ by), streams (1,000 at once), memory (over 100,000 requests). Memory is in MB of 10^6 bytes. Needs two cores and an
# otherwise idle machine: Tightwad has core 1, all else core 0. 5 minutes.
# Last line: p99_added_ms=… rss_mb=… growth_mb=… rps=… sse=… ("-" = not measured)
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
sh apps/setup/packages.sh --bench
bench_build tightwad
quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target tw_stub tw_load
exec node tests/bench/front.mjs --out build-bench/front --tightwad build-bench/bin/tightwad --stub build-bench/bin/tw_stub \
    --load build-bench/bin/tw_load --plugins build-bench/lib/tightwad/plugins "$@"
