#!/bin/sh
# Builds with the thread sanitizer and runs the tests of scheduler, speculation and peers again and again: tsan.sh [TIMES],
# 30 unless said. It ends at the first test that fails or races.
tw_root=$(cd "$(dirname "$0")/.." && pwd)
. "$tw_root/apps/setup/common.sh"
cd "$tw_root"
times=${1:-30}
sh apps/setup/packages.sh --tests
find_engine
use_ccache
quiet_run "$tw_root/build-tsan/configure.log" "cmake" cmake --preset tsan "-DTIGHTWAD_ENGINE_DIR=$engine_dir"
quiet_run "$tw_root/build-tsan/build.log" "the build" cmake --build build-tsan --target test_scheduler test_speculation test_peer
ctest --test-dir build-tsan -R '^(scheduler|speculation|peer): ' --repeat "until-fail:$times" --stop-on-failure \
    --output-on-failure --no-tests=error -j 2 </dev/null
