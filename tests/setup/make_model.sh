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
# GGUF headers without tensors: one or two keys, the block count as a 32-bit number.
gguf='GGUF\003\0\0\0\0\0\0\0\0\0\0\0'
architecture='\0\0\0\0\0\0\0\024\0\0\0\0\0\0\0general.architecture\010\0\0\0'
block_count='\021\0\0\0\0\0\0\0llama.block_count\004\0\0\0'
# shellcheck disable=SC2059 # the octal escapes are for printf to read
{
    printf "$gguf\001$architecture\006\0\0\0\0\0\0\0falcon" >falcon.gguf
    printf "$gguf\001$architecture\005\0\0\0\0\0\0\0llama" >no-blocks.gguf
    printf "$gguf\002$architecture\005\0\0\0\0\0\0\0llama$block_count\0\002\0\0" >full.gguf
    printf "$gguf\002$architecture\005\0\0\0\0\0\0\0llama$block_count\002\0\0\0" >hollow.gguf
}
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
refuse 'none is missing or not a GGUF file' "$maker" inflate none out.gguf 4
refuse 'text is missing or not a GGUF file' "$maker" inflate text out.gguf 4
refuse 'its architecture is none, and only llama is understood' "$maker" inflate empty.gguf out.gguf 4
refuse 'its architecture is falcon, and only llama is understood' "$maker" inflate falcon.gguf out.gguf 4
refuse 'its header names no llama.block_count' "$maker" inflate no-blocks.gguf out.gguf 4
refuse 'its 512 blocks are all that llama.cpp loads' "$maker" inflate full.gguf out.gguf 1
refuse 'of the kind with one attn_output and one ffn_down' "$maker" inflate hollow.gguf out.gguf 4
refuse 'WIDTH is a number from 256 to 65536, not 100' "$maker" widen hollow.gguf out.gguf 100 1024
refuse 'WIDTH is a multiple of 256, not 300' "$maker" widen hollow.gguf out.gguf 300 1024
refuse 'its architecture is falcon, and only llama is understood' "$maker" widen falcon.gguf out.gguf 1024 1024
refuse 'its header names no llama.embedding_length' "$maker" widen hollow.gguf out.gguf 1024 1024
for count in 0 -1 511 4.5 four 99999999999999999999 ''; do
    refuse "BLOCKS is a number from 1 to 510 for a model of 2 blocks, not $count" \
        "$maker" inflate hollow.gguf out.gguf "$count"
done
refuse 'for tests' "$maker" nonsense
for left in out.gguf*; do
    [ ! -e "$left" ] || { echo "FAILED: $left was left behind"; failures=$((failures + 1)); }
done
finish
