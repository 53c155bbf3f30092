#!/bin/sh
# Accuracy battery: perplexity of a fixed text, sums and copies, speculation on against off, equal to the last digit.
# A few minutes on 2 cores. Last line, with the figures of TinyLlama and equality over all pairs:
# accuracy_equal=… perplexity=… arithmetic=…/… copy=…/…
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
bench_build bench_accuracy
out=${1:-build-bench/accuracy}
mkdir -p "$out"
equal=1

# examine NAME TARGET DRAFT: the answer lies in $out/NAME.txt, its last line in $figures
examine() {
    build-bench/bin/bench_accuracy --name "$1" --target "$models/$2.gguf" --draft "$models/$3.gguf" \
        --text tests/bench/text.txt >"$out/$1.txt" || equal=0
    sed '/^accuracy_equal=/d' "$out/$1.txt"
    figures=$(sed -n 's/^accuracy_equal=[01] //p' "$out/$1.txt")
}
examine stories15m-q8_0--q4_0 stories15m-q8_0 stories15m-q4_0
examine tinyllama-q4_0--stories15m-q8_0 tinyllama-1.1b-chat-q4_0 stories15m-q8_0
echo "accuracy_equal=$equal $figures"
[ "$equal" = 1 ]
