// Writes a GGUF file whose weights are random, the same ones each time: values are [key, kind, value or list], tensors
// [name, ...shape]. What is called a norm's weight is 1.
import { writeFileSync } from 'node:fs';

const kinds = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8 };

export function writeGguf(path, values, tensors) {
  const parts = [];
  const number = (bytes, write) => (n) => { const b = Buffer.alloc(bytes); b[write](n); parts.push(b); };
  const put = { u32: number(4, 'writeUInt32LE'), i32: number(4, 'writeInt32LE'), f32: number(4, 'writeFloatLE'),
                bool: (yes) => parts.push(Buffer.from([yes ? 1 : 0])),
                text: (s) => { const b = Buffer.from(s); u64(b.length); parts.push(b); } };
  const u64 = (n) => number(8, 'writeBigUInt64LE')(BigInt(n));

  parts.push(Buffer.from('GGUF'));
  put.u32(3);
  u64(tensors.length);
  u64(values.length);
  for (const [key, kind, what] of values) {
    put.text(key);
    if (Array.isArray(what)) {
      put.u32(9);
      put.u32(kinds[kind]);
      u64(what.length);
      what.forEach(put[kind]);
    } else {
      put.u32(kinds[kind]);
      put[kind](what);
    }
  }

  let state = 12345, offset = 0;
  const random = () => ((state = (state * 1103515245 + 12345) % 2147483648) / 2147483648 - 0.5);
  const weights = tensors.map(([name, ...shape]) => {
    const norm = name.includes('norm.weight');
    const at = () => (norm ? 1 : 0) + (norm ? 0 : 0.4) * random();
    return Buffer.from(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, at).buffer);
  });
  tensors.forEach(([name, ...shape], i) => {
    put.text(name);
    put.u32(shape.length);
    shape.forEach(u64);
    put.u32(0);
    u64(offset);
    offset += Math.ceil(weights[i].length / 32) * 32;
  });
  const pad = (length) => Buffer.alloc((32 - (length % 32)) % 32);
  const head = Buffer.concat(parts);
  writeFileSync(path, Buffer.concat([head, pad(head.length), ...weights.flatMap((w) => [w, pad(w.length)])]));
}
