#!/bin/sh
# Builds llama.cpp's ggml-rpc-server, of the version this project is pinned to, for a machine that lends its memory to a
# pool; prints its path: sh apps/build-worker.sh --cpu|--cuda|--hip|--vulkan|--metal
# Only --cpu has been tested by this project; the others set llama.cpp's own switch and need the vendor's tools.
tw_root=$(cd "$(dirname "$0")/.." && pwd)
. "$tw_root/apps/setup/common.sh"
. "$tw_root/apps/setup/llama_source.sh"

[ $# -eq 1 ] || fail "build-worker.sh needs one of --cpu, --cuda, --hip, --vulkan and --metal"
case $1 in
--cpu) # the same build as the engine's own
    engine=$(sh "$tw_root/apps/setup/engine.sh" --source)
    echo "$engine/bin/ggml-rpc-server"
    exit 0
    ;;
--cuda) switch=GGML_CUDA tool=nvcc hint="NVIDIA's CUDA toolkit" ;;
--hip) switch=GGML_HIP tool=hipcc hint="AMD's ROCm" ;;
--vulkan) switch=GGML_VULKAN tool=glslc hint="the Vulkan development package and glslc" ;;
--metal) switch=GGML_METAL tool=xcrun hint="Xcode's command line tools, on macOS" ;;
*) fail "build-worker.sh knows --cpu, --cuda, --hip, --vulkan and --metal, not '$1'" ;;
esac
for program in git cmake "$tool"; do
    have "$program" || fail "a worker with $1 needs $program; install it (for $tool: $hint) and run this again"
done
say "      $1 has not been tested by this project; tell us whether it works"
worker=$tw_cache/worker/$tw_llama_version-source$source_revision-${1#--}-$(uname -m)
if [ ! -x "$worker/bin/ggml-rpc-server" ]; then
    mkdir -p "$tw_cache/worker"
    lock worker
    need_space 4000 "building a worker"
    fetch_bundle
    rm -rf "$worker.part" "$worker.work"
    mkdir -p "$worker.work" "$worker.part/bin" "$worker.part/lib"
    checkout "$worker.work"
    mend_tile_config "$worker.work/source"
    mend_rpc_cache "$worker.work/source"
    {
        cmake -S "$worker.work/source" -B "$worker.work/build" -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "-DCMAKE_INSTALL_RPATH=\$ORIGIN;\$ORIGIN/../lib" \
            -DGGML_RPC=ON "-D$switch=ON" -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
            -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF &&
            cmake --build "$worker.work/build" --parallel --target ggml-rpc-server
    } >"$worker.log" 2>&1 </dev/null || {
        tail -n 20 "$worker.log" >&2
        fail "the worker did not build; the whole log is $worker.log"
    }
    find "$worker.work/build/bin" \( -name 'lib*.so*' -o -name 'lib*.dylib' \) -exec cp -P {} "$worker.part/lib/" \;
    cp "$worker.work/build/bin/ggml-rpc-server" "$worker.part/bin/"
    cp "$worker.work/source/LICENSE" "$worker.part/LICENSE"
    mv "$worker.part" "$worker"
    rm -rf "$worker.work"
fi
echo "$worker/bin/ggml-rpc-server"
