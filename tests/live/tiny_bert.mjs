// Writes a BERT of two small layers with random weights: tiny_bert.mjs FILE [ranks|prompted]. It knows no language, and takes
// the way through libllama that models for embeddings take, or one that puts documents in order: a "prompted" one has a prompt
// for that, and does not say that it pools so.
import { writeGguf } from './gguf.mjs';

const [file, kind = ''] = process.argv.slice(2);
const width = 32, inner = 64, layers = 2, heads = 4, context = 512;
const words = ['the', 'dog', 'was', 'small', 'once', 'upon', 'a', 'time', 'there', 'little', 'tim', 'and', 'mia', 'like', 'to',
               'play', 'in', 'big', 'park', 'is', 'text', 'x', '.', '<', '/', '>', 's'];
const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words.map((word) => `▁${word}`), ...words];
const types = tokens.map((_, i) => (i === 1 ? 2 : i < 5 ? 3 : 1)); // unknown, control, usual

const values = [
  ['general.architecture', 'text', 'bert'], ['bert.context_length', 'u32', context], ['bert.embedding_length', 'u32', width],
  ['bert.feed_forward_length', 'u32', inner], ['bert.block_count', 'u32', layers], ['bert.attention.head_count', 'u32', heads],
  ['bert.attention.layer_norm_epsilon', 'f32', 1e-12], ['bert.attention.causal', 'bool', false], ['bert.pooling_type', 'u32', kind === 'ranks' ? 4 : 1],
  ['tokenizer.ggml.model', 'text', 'bert'], ['tokenizer.ggml.pre', 'text', 'default'], ['tokenizer.ggml.tokens', 'text', tokens],
  ['tokenizer.ggml.token_type', 'i32', types], ['tokenizer.ggml.token_type_count', 'u32', 2],
  ['tokenizer.ggml.padding_token_id', 'u32', 0], ['tokenizer.ggml.unknown_token_id', 'u32', 1],
  ['tokenizer.ggml.bos_token_id', 'u32', 2], ['tokenizer.ggml.cls_token_id', 'u32', 2], ['tokenizer.ggml.eos_token_id', 'u32', 3],
  ['tokenizer.ggml.seperator_token_id', 'u32', 3], ['tokenizer.ggml.mask_token_id', 'u32', 4],
];
if (kind === 'prompted')
  values.push(['tokenizer.chat_template.rerank', 'text', '[CLS] once upon a time {query} [SEP] the text is {document} [SEP]']);

const tensors = [['token_embd.weight', width, tokens.length], ['token_types.weight', width, 2],
                 ['position_embd.weight', width, context], ['token_embd_norm.weight', width], ['token_embd_norm.bias', width]];
for (let i = 0; i < layers; ++i) {
  const add = (name, from, to) => tensors.push([`blk.${i}.${name}.weight`, from, to], [`blk.${i}.${name}.bias`, to]);
  for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) add(name, width, width);
  add('ffn_up', width, inner);
  add('ffn_down', inner, width);
  for (const name of ['attn_output_norm', 'layer_output_norm'])
    tensors.push([`blk.${i}.${name}.weight`, width], [`blk.${i}.${name}.bias`, width]);
}
if (kind)
  tensors.push(['cls.weight', width, width], ['cls.bias', width], ['cls.output.weight', width, 1], ['cls.output.bias', 1]);

writeGguf(file, values, tensors);
