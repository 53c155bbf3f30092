#!/bin/sh
# Finds, fetches or (--source) builds the llama.cpp engine and prints its folder, or the word "system". --peer builds
# llama.cpp with the switches it comes with, which is what the benches compare with.
# TIGHTWAD_ENGINE=prebuilt|source|system forces one kind. The folder holds include/, lib/ and, from source, bin/.
tw_root=$(cd "$(dirname "$0")/../.." && pwd)
. "$tw_root/apps/setup/common.sh"
. "$tw_root/apps/setup/llama_source.sh"

# Each counts up when what lies in the folder of the same version changes; source_revision stands in llama_source.sh.
prebuilt_revision=2
peer_revision=3

prebuilt_sum() {
    case $1 in
    linux-x64) echo 5uCCDNqWCNfaAm8aR/Uzxbo4HBpKgNF91kCHPepKhgMgV2OAmatoefbOlMihsqCiH2Od35E/eUHQCFbfRBJuOg== ;;
    linux-x64-cuda) echo 8rQCjyNNLZJUFit+YpjwlC4hwkKgOMIkB2wuycKBf8NU2O3ySKbiWZQ8aw9ku2nUTXjSnUIrE6KB88itduTBuA== ;;
    linux-x64-vulkan) echo bBxqU+JOcBu1nb5Qj2zcMci+JByT1E8EajHvYodyNfVIPkEhXh+/HMwR1/BT7xP08YK0hks+kM8fglER0P8JEg== ;;
    linux-arm64) echo W+7naKCXX9/eEjjFmRS8vvx91QyLXDbeFxexZc3bh/PtQABZgmRL3C0AtYYXn4YGTj/3Qor4lWZn2tpjZFPLdQ== ;;
    esac
}

has_library() { { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q "$1"; }

# The CUDA engine links CUDA 13's runtime, which no package of ours brings.
has_cuda() {
    have nvidia-smi && nvidia-smi -L 2>/dev/null | grep -q '^GPU' || return 1
    has_library libcudart.so.13 && has_library libcublas.so.13 && return 0
    say "      an NVIDIA GPU is here, but not libcudart.so.13 and libcublas.so.13; install CUDA 13's runtime to use it"
    return 1
}
has_vulkan() { ls /dev/dri/renderD* >/dev/null 2>&1 && has_library libvulkan.so.1; }

# The prebuilt package that fits this machine, or nothing.
platform() {
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) if has_cuda; then echo linux-x64-cuda; elif has_vulkan; then echo linux-x64-vulkan; else echo linux-x64; fi ;;
    Linux-aarch64) echo linux-arm64 ;;
    esac
}

# True when CMake finds an installed llama.cpp.
has_system() {
    have cmake && have g++ || return 1
    probe=$(mktemp -d)
    printf 'cmake_minimum_required(VERSION 3.25)\nproject(probe CXX)\nfind_package(llama CONFIG REQUIRED)\n' \
        >"$probe/CMakeLists.txt"
    found=1
    cmake -S "$probe" -B "$probe/build" >/dev/null 2>&1 && found=0
    rm -rf "$probe"
    return $found
}

# common_headers ENGINE SOURCE: of libllama-common, which is C++: they must be of the very source it was built from.
common_headers() {
    mkdir -p "$1/include/common/jinja"
    cp "$2"/common/*.h "$1/include/common/"
    cp "$2"/common/jinja/*.h "$1/include/common/jinja/"
}

prebuilt() {
    name=$1
    engine=$tw_cache/engine/$tw_llama_version-prebuilt$prebuilt_revision-$name
    [ -d "$engine" ] && return 0
    lock engine-prebuilt
    [ -d "$engine" ] && return 0
    sum=$(prebuilt_sum "$name")
    [ -n "$sum" ] || fail "there is no prebuilt engine for $name; use TIGHTWAD_ENGINE=source"
    case $name in
    *cuda | *vulkan) say "      a GPU was found: taking the $name engine, which this project has not tested" ;;
    esac
    say "      fetching the prebuilt llama.cpp v$tw_llama_version for $name"
    need_space 600 "the engine"
    fetch_package "@node-llama-cpp/$name@$node_llama" "$sum"
    archive=$fetched
    fetch_bundle
    rm -rf "$engine.part"
    mkdir -p "$engine.part/lib" "$engine.part/include"
    tar -xzf "$archive" -C "$engine.part"
    # The Node.js addon is of no use here.
    find "$engine.part/package/bins" -name 'lib*.so*' -exec mv {} "$engine.part/lib/" \;
    mv "$engine.part/package/LICENSE" "$engine.part/LICENSE"
    rm -rf "$engine.part/package"
    checkout "$engine.part" include ggml/include common
    mv "$engine.part"/source/include/*.h "$engine.part"/source/ggml/include/*.h "$engine.part/include/"
    common_headers "$engine.part" "$engine.part/source"
    rm -rf "$engine.part/source"
    mv "$engine.part" "$engine"
    rm -f "$archive"
}

# source_build OFF|ON: without or with OpenMP. The programs and the RPC backend are only in a source build. It is made for
# this machine's CPU. The engine is built without OpenMP, whose threads stop spinning at barriers as soon as two models of
# one process have more threads than there are cores. llama-server with a draft model is faster with it.
source_build() {
    cpu=$(grep -m 1 -i 'model name' /proc/cpuinfo 2>/dev/null | cksum | cut -d' ' -f1)
    revision=$source_revision tail=
    [ "$1" = OFF ] || { revision=$peer_revision; tail=-openmp; }
    engine=$tw_cache/engine/$tw_llama_version-source$revision-cpu-rpc-$(uname -m)-$cpu$tail
    [ -d "$engine" ] && return 0
    lock engine-source
    [ -d "$engine" ] && return 0
    for program in git cmake ninja g++; do
        have "$program" || fail "building llama.cpp needs $program; run sh apps/setup/packages.sh first"
    done
    need_space 2000 "building llama.cpp"
    fetch_bundle
    say "      building llama.cpp v$tw_llama_version from source, about 7 min on 2 cores"
    rm -rf "$engine.part" "$engine.work"
    mkdir -p "$engine.work"
    checkout "$engine.work"
    mend_tile_config "$engine.work/source"
    [ "$1" = ON ] || mend_rpc_cache "$engine.work/source" # what the benches compare with stays as it comes
    build_log=$tw_cache/engine/source-build.log
    {
        cmake -S "$engine.work/source" -B "$engine.work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "-DCMAKE_INSTALL_RPATH=\$ORIGIN;\$ORIGIN/../lib" \
            -DGGML_RPC=ON -DGGML_NATIVE=ON "-DGGML_OPENMP=$1" -DGGML_CCACHE=OFF \
            -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
            -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF &&
            cmake --build "$engine.work/build" \
                --target llama ggml llama-server ggml-rpc-server llama-bench llama-quantize
    } >"$build_log" 2>&1 </dev/null || {
        tail -n 20 "$build_log" >&2
        fail "llama.cpp did not build; the whole log is $build_log"
    }
    mkdir -p "$engine.part/include" "$engine.part/lib" "$engine.part/bin"
    cp "$engine.work"/source/include/*.h "$engine.work"/source/ggml/include/*.h "$engine.part/include/"
    common_headers "$engine.part" "$engine.work/source"
    find "$engine.work/build/bin" -name 'lib*.so*' -exec cp -P {} "$engine.part/lib/" \;
    for program in llama-server ggml-rpc-server llama-bench llama-quantize; do
        cp "$engine.work/build/bin/$program" "$engine.part/bin/"
    done
    cp "$engine.work/source/LICENSE" "$engine.part/LICENSE"
    mv "$engine.part" "$engine"
    rm -rf "$engine.work"
}

case ${1:-} in
'') kind=${TIGHTWAD_ENGINE:-auto} ;;
--source) kind=source ;;
--peer)
    mkdir -p "$tw_cache/engine"
    source_build ON
    echo "$engine"
    exit 0
    ;;
*) fail "engine.sh knows only --source and --peer, not '$1'" ;;
esac
flavour=
case $kind in
auto)
    if has_system; then
        kind=system
    else
        flavour=$(platform)
        kind=source
        [ -z "$flavour" ] || kind=prebuilt
    fi
    ;;
system) has_system || fail "TIGHTWAD_ENGINE=system, but CMake finds no installed llama.cpp; install its development package" ;;
prebuilt)
    flavour=$(platform)
    [ -n "$flavour" ] || fail "there is no prebuilt engine for $(uname -s) $(uname -m); use TIGHTWAD_ENGINE=source"
    ;;
source) ;;
*) fail "TIGHTWAD_ENGINE is '$kind'; it may be prebuilt, source or system" ;;
esac

if [ "$kind" = system ]; then
    say "      using the installed llama.cpp"
    echo system
    exit 0
fi
mkdir -p "$tw_cache/engine"
if [ "$kind" = source ]; then source_build OFF; else prebuilt "$flavour"; fi
# A build without these scripts (cmake --preset release) finds the engine by this link; --source leaves it alone.
if [ "${1:-}" != --source ] || [ ! -e "$tw_cache/engine/default" ]; then
    ln -sfn "$engine" "$tw_cache/engine/default"
fi
echo "$engine"
