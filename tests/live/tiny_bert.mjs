// Writes a BERT of two small layers with random weights: tiny_bert.mjs FILE. It knows no language, and takes the way through
// libllama that models for embeddings take.
import { writeFileSync } from 'node:fs';

const width = 32, inner = 64, layers = 2, heads = 4, context = 512;
const words = ['the', 'dog', 'was', 'small', 'once', 'upon', 'a', 'time', 'there', 'little', 'tim', 'and', 'mia', 'like', 'to',
               'play', 'in', 'big', 'park', 'is', 'text', 'x', '.', '<', '/', '>', 's'];
const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words.map((word) => `▁${word}`), ...words];
const types = tokens.map((_, i) => (i === 1 ? 2 : i < 5 ? 3 : 1)); // unknown, control, usual

const parts = [];
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); parts.push(b); };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); parts.push(b); };
const f32 = (x) => { const b = Buffer.alloc(4); b.writeFloatLE(x); parts.push(b); };
const text = (s) => { const b = Buffer.from(s); u64(b.length); parts.push(b); };
const number = (key, n) => { text(key); u32(4); u32(n); };
const list = (key, type, all, put) => { text(key); u32(9); u32(type); u64(all.length); all.forEach(put); };

const values = [
  () => { text('general.architecture'); u32(8); text('bert'); },
  () => number('bert.context_length', context), () => number('bert.embedding_length', width),
  () => number('bert.feed_forward_length', inner), () => number('bert.block_count', layers),
  () => number('bert.attention.head_count', heads),
  () => { text('bert.attention.layer_norm_epsilon'); u32(6); f32(1e-12); },
  () => { text('bert.attention.causal'); u32(7); parts.push(Buffer.from([0])); },
  () => number('bert.pooling_type', 1),
  () => { text('tokenizer.ggml.model'); u32(8); text('bert'); },
  () => { text('tokenizer.ggml.pre'); u32(8); text('default'); },
  () => list('tokenizer.ggml.tokens', 8, tokens, text), () => list('tokenizer.ggml.token_type', 5, types, u32),
  () => number('tokenizer.ggml.token_type_count', 2), () => number('tokenizer.ggml.padding_token_id', 0),
  () => number('tokenizer.ggml.unknown_token_id', 1), () => number('tokenizer.ggml.bos_token_id', 2),
  () => number('tokenizer.ggml.cls_token_id', 2), () => number('tokenizer.ggml.eos_token_id', 3),
  () => number('tokenizer.ggml.seperator_token_id', 3), () => number('tokenizer.ggml.mask_token_id', 4),
];

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

let state = 12345;
const random = () => ((state = (state * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5);
const weights = tensors.map(([name, ...shape]) => {
  const n = shape.reduce((a, b) => a * b);
  const scale = name.includes('norm.weight') ? 0 : 0.4, middle = name.includes('norm.weight') ? 1 : 0;
  return Buffer.from(Float32Array.from({ length: n }, () => middle + scale * random()).buffer);
});

parts.push(Buffer.from('GGUF'));
u32(3);
u64(tensors.length);
u64(values.length);
values.forEach((put) => put());
let offset = 0;
tensors.forEach(([name, ...shape], i) => {
  text(name);
  u32(shape.length);
  shape.forEach(u64);
  u32(0);
  u64(offset);
  offset += Math.ceil(weights[i].length / 32) * 32;
});
const pad = (length) => Buffer.alloc((32 - (length % 32)) % 32);
const head = Buffer.concat(parts);
writeFileSync(process.argv[2], Buffer.concat([head, pad(head.length), ...weights.flatMap((w) => [w, pad(w.length)])]));
