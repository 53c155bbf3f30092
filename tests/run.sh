#!/bin/sh
# Installs, builds with the address and undefined-behaviour sanitizers, and runs every test. Unattended.
tw_root=$(cd "$(dirname "$0")/.." && pwd)
. "$tw_root/apps/setup/common.sh"
cd "$tw_root"
began=$(now)
trap 'say "tests/run.sh took $(($(now) - began)) s"' EXIT

step 1/6 "packages (about 1 min on a bare machine)"
sh apps/setup/packages.sh --tests
step_done

step 2/6 "llama.cpp from source: its server and rpc-server are what the live tests talk to (about 7 min the first time)"
export TIGHTWAD_ENGINE="${TIGHTWAD_ENGINE:-source}"
find_engine
step_done

step 3/6 "build with sanitizers (several minutes the first time)"
use_ccache
quiet_run "$tw_root/build-asan/configure.log" "cmake" cmake --preset asan "-DTIGHTWAD_ENGINE_DIR=$engine_dir"
quiet_run "$tw_root/build-asan/build.log" "the build" cmake --build build-asan
step_done

step 4/6 "models (430 MB and about 1 min the first time)"
sh apps/setup/models.sh build-asan/bin/tightwad-make-model --tests
step_done

step 5/6 "the npm clients that the contract test uses"
wanted=$(cat tests/client/package.json tests/client/package-lock.json | cksum)
if [ "$(cat tests/client/node_modules/.wanted 2>/dev/null)" != "$wanted" ]; then
    quiet_run "$tw_root/build-asan/npm.log" "npm ci in tests/client" \
        npm ci --prefix tests/client --no-audit --no-fund --prefer-offline
    echo "$wanted" >tests/client/node_modules/.wanted
fi
step_done

step 6/6 "tests"
status=0
ctest --test-dir build-asan --output-on-failure --no-tests=error -j 2 </dev/null || status=$?
step_done
exit $status
