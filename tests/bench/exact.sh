#!/bin/sh
# Exactness on real models: speculation on against off, alone, under load and over a cached prefix, ids and logits of
# every row. About half an hour on 2 cores. Last line: prompts=N tokens=N past512=N concurrent=N warm=N mismatches=0
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
bench_build bench_exact
out=${1:-build-bench/exact}
mkdir -p "$out"
status=0
one() {
    name=$1
    shift
    build-bench/bin/bench_exact --prompts tests/bench/prompts.txt --json "$out/$name.json" --name "$name" "$@" \
        | tee "$out/$name.txt" | sed '/^prompts=/d' || true
    tail -n 1 "$out/$name.txt" | grep -q ' mismatches=0$' || status=1
}
one stories15m-q8_0--q4_0 --target "$models/stories15m-q8_0.gguf" --draft "$models/stories15m-q4_0.gguf" \
    --max-tokens 120
one tinyllama-q4_0--stories15m-q8_0 --target "$models/tinyllama-1.1b-chat-q4_0.gguf" \
    --draft "$models/stories15m-q8_0.gguf" --max-tokens 16 --chat --long-runs 14 --long-prompts 7 --long-tokens 270
cat "$out"/*.txt | sed -n '/^prompts=/p' | tr ' =' '\n ' | awk '
    $1 == "prompts" && $2 > p { p = $2 } $1 != "prompts" { sum[$1] += $2 }
    END { printf "prompts=%d tokens=%d past512=%d concurrent=%d warm=%d mismatches=%d\n",
          p, sum["tokens"], sum["past512"], sum["concurrent"], sum["warm"], sum["mismatches"] }'
exit $status
