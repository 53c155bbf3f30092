// Writes a decoder of four small layers with random weights, three of which see the last 64 tokens only: tiny_olmo.mjs FILE.
import { writeGguf } from './gguf.mjs';

const width = 64, inner = 128, layers = 4;
const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
const letters = ['\u2581', ...'abcdefghijklmnopqrstuvwxyz'];
const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...letters];
const types = tokens.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1)); // unknown, control, byte, usual

const values = [
  ['general.architecture', 'text', 'olmo2'], ['olmo2.context_length', 'u32', 1024], ['olmo2.embedding_length', 'u32', width],
  ['olmo2.feed_forward_length', 'u32', inner], ['olmo2.block_count', 'u32', layers], ['olmo2.attention.head_count', 'u32', 2],
  ['olmo2.attention.layer_norm_rms_epsilon', 'f32', 1e-6], ['olmo2.attention.sliding_window', 'u32', 64],
  ['tokenizer.ggml.model', 'text', 'llama'], ['tokenizer.ggml.tokens', 'text', tokens],
  ['tokenizer.ggml.scores', 'f32', tokens.map(() => 0)], ['tokenizer.ggml.token_type', 'i32', types],
  ['tokenizer.ggml.unknown_token_id', 'u32', 0], ['tokenizer.ggml.bos_token_id', 'u32', 1], ['tokenizer.ggml.eos_token_id', 'u32', 2],
];

const tensors = [['token_embd.weight', width, tokens.length], ['output_norm.weight', width], ['output.weight', width, tokens.length]];
for (let i = 0; i < layers; ++i) {
  const add = (name, ...shape) => tensors.push([`blk.${i}.${name}.weight`, ...shape]);
  for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) add(name, width, width);
  for (const name of ['attn_q_norm', 'attn_k_norm', 'post_attention_norm', 'post_ffw_norm']) add(name, width);
  add('ffn_gate', width, inner);
  add('ffn_up', width, inner);
  add('ffn_down', inner, width);
}
writeGguf(process.argv[2], values, tensors);
