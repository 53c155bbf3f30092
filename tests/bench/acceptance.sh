#!/bin/sh
# Acceptance at temperature 1 against the coupling's exact expectation on the same logits, by an independent script.
# A few minutes on 2 cores and 700 MB of disk meanwhile. Last line: accept_z=… observed=… expected=… one_minus_tv=…
# independent=… argmax=…, where accept_z is the largest |z| of the pairs.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
bench_build bench_logits
out=${1:-build-bench/acceptance}
mkdir -p "$out"
trap 'rm -f "$out"/*.f32' EXIT
sed -n '/^Once upon a time/,/^Every morning/p' tests/bench/prompts.txt >"$out/stories.txt"

# record NAME TARGET DRAFT TOKENS SEED: each pair has seeds of its own, or F32 and Q8_0 would be one experiment.
record() {
    build-bench/bin/bench_logits --name "$1" --target "$models/$2.gguf" --draft "$models/$3.gguf" \
        --prompts "$out/stories.txt" --tokens "$4" --seed "$5" --out "$out/$1" >&2
}
record stories15m-f32--q4_0 stories15m-f32 stories15m-q4_0 60 1
record stories15m-q8_0--q4_0 stories15m-q8_0 stories15m-q4_0 60 1001
record tinyllama-q4_0--stories15m-q8_0 tinyllama-1.1b-chat-q4_0 stories15m-q8_0 30 2001
status=0
node tests/bench/acceptance.mjs "$out/stories15m-f32--q4_0" "$out/stories15m-q8_0--q4_0" \
    "$out/tinyllama-q4_0--stories15m-q8_0" >"$out/acceptance.txt" || status=$?
cat "$out/acceptance.txt"
exit $status
