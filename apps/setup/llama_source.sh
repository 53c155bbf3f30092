# The source of llama.cpp at the version this project is pinned to: fetched, checked out, mended. Sourced after common.sh.
# Whoever changes what is mended counts source_revision up, so that engines and workers are built anew, and peer_revision of
# engine.sh where the llama-server that the benches compare with has the mend too.
source_revision=4
node_llama=3.22.1
bundle_sum=bltIipuWmc123H7tMIgDGKSsSrhmhlQYeVUC48XTjVW7XGJJiJJyCdlTMzQ/LiWoPkGDpcL4FviDpgw7qfTiDw==

# The git bundle of llama.cpp's source: kept, since the headers and the source build both need it.
bundle=$tw_downloads/llama.cpp-v$tw_llama_version.bundle
fetch_bundle() (
    lock downloads
    [ -f "$bundle" ] && return 0
    say "      fetching the source of llama.cpp v$tw_llama_version (36 MB)"
    need_space 200 "the source of llama.cpp"
    fetch_package "node-llama-cpp@$node_llama" "$bundle_sum"
    tar -xzOf "$fetched" package/llama/gitRelease.bundle >"$bundle.part"
    mv "$bundle.part" "$bundle"
    rm -f "$fetched"
)

# checkout FOLDER [PATH...]: the bundle's only commit, or the named paths of it.
checkout() {
    target=$1
    shift
    git init -q "$target/git"
    git -C "$target/git" fetch -q "$bundle" "$(git bundle list-heads "$bundle" | head -n 1 | cut -d' ' -f2)"
    mkdir -p "$target/source"
    git -C "$target/git" archive FETCH_HEAD "$@" | tar -xf - -C "$target/source"
    rm -rf "$target/git"
}

# g++ 12.2 sees only 8 of the 64 bytes that _tile_loadconfig reads (GCC bug 114098) and drops the rest; on a
# processor with AMX the first product of matrices then ends with an illegal instruction.
mend_tile_config() {
    sed -i 's/^\( *\)_tile_loadconfig(&tc);/\1asm volatile("" : : "m"(tc));\n&/' "$1/ggml/src/ggml-cpu/amx/mmq.cpp"
    grep -q 'asm volatile("" : : "m"(tc));' "$1/ggml/src/ggml-cpu/amx/mmq.cpp" ||
        fail "the source of llama.cpp v$tw_llama_version is not as expected: amx/mmq.cpp has no _tile_loadconfig(&tc)"
}

# An rpc-server with a cache (-c) keeps the tensors that it was first asked for by their hash: those of more than 10 MiB, so
# all the others were sent again with every load. Here those of more than 64 KiB; a question takes a round trip, and
# 64 KiB at 100 Mb/s take 5 ms. What lies in the cache must have the hash that it is called by: a file that a full disk
# or a killed server cut short was taken for the weights.
mend_rpc_cache() {
    rpc_source=$1/ggml/src/ggml-rpc/ggml-rpc.cpp
    sed -i -e 's/^const size_t HASH_THRESHOLD = 10 \* 1024 \* 1024;/const size_t HASH_THRESHOLD = 64 * 1024;/' \
        -e 's/^\( *\)ifs\.read((char \*)data\.data(), size);/&\n\1if (!ifs || fnv_hash(data.data(), size) != hash) { return false; }/' "$rpc_source"
    grep -q '^const size_t HASH_THRESHOLD = 64 \* 1024;' "$rpc_source" && grep -q 'if (!ifs || fnv_hash(data' "$rpc_source" ||
        fail "the source of llama.cpp v$tw_llama_version is not as expected: ggml-rpc.cpp has no HASH_THRESHOLD of 10 MiB, or reads its cache in another way"
}
