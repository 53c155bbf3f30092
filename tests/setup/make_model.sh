#!/bin/sh
# Files that tightwad-make-model cannot use: one sentence, and no output file. make_model.sh TIGHTWAD_MAKE_MODEL
set -eu
maker=$1
. "$(dirname "$0")/refuse.sh"
cd "$work"

header() { printf '\040\001\0\0\0\003\0\0\006\0\0\0\006\0\0\0\006\0\0\0\0\175\0\0\0\001\0\0'; }
echo 'this is a text and long enough to hold a header' >text
head -c 10 text >short
header >cut.bin
{ header && echo more; } >cut-later.bin
printf 'GGUF\003\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >empty.gguf
echo '{"model": {"vocab": {"a": 0, "b": 7}, "merges": []}, "added_tokens": []}' >gap.json
echo '{}' >nothing.json

refuse 'none is missing or too short for a llama2.c header' "$maker" stories none empty.gguf out.gguf
refuse 'short is missing or too short for a llama2.c header' "$maker" stories short empty.gguf out.gguf
refuse 'text is no llama2.c model' "$maker" stories text empty.gguf out.gguf
refuse 'cut.bin has 28 bytes where its header asks for 60816028' "$maker" stories cut.bin empty.gguf out.gguf
refuse 'cut-later.bin has 33 bytes' "$maker" stories cut-later.bin empty.gguf out.gguf
refuse 'none is missing or not a GGUF file' "$maker" quantize none out.gguf q4_0
refuse 'text is missing or not a GGUF file' "$maker" quantize text out.gguf q8_0
refuse 'out.gguf was not written' "$maker" quantize empty.gguf out.gguf q8_0
refuse 'the type is q4_0 or q8_0, not q5_0' "$maker" quantize empty.gguf out.gguf q5_0
refuse 'is no byte-level BPE tokenizer.json' "$maker" vocabulary text out.gguf
refuse 'is no byte-level BPE tokenizer.json' "$maker" vocabulary nothing.json out.gguf
refuse 'is no byte-level BPE tokenizer.json' "$maker" vocabulary gap.json out.gguf
refuse 'for tests' "$maker" nonsense
for left in out.gguf*; do
    [ ! -e "$left" ] || { echo "FAILED: $left was left behind"; failures=$((failures + 1)); }
done
finish
