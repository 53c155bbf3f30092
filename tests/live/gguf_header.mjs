// The header of a GGUF file: its keys and values, the lists of its tokenizer among them.
import { readFileSync } from 'node:fs';

export function readHeader(path) {
  const bytes = readFileSync(path);
  let at = 8; // magic and version
  const take = (size, read) => () => { const value = bytes[read](at); at += size; return value; };
  const u32 = take(4, 'readUInt32LE'), u64 = () => Number(take(8, 'readBigUInt64LE')());
  const text = () => { const size = u64(); at += size; return bytes.toString('utf8', at - size, at); };
  const kinds = [take(1, 'readUInt8'), take(1, 'readInt8'), take(2, 'readUInt16LE'), take(2, 'readInt16LE'), u32, take(4, 'readInt32LE'),
    take(4, 'readFloatLE'), () => take(1, 'readUInt8')() !== 0, text, () => list(u32(), u64()), u64, () => Number(take(8, 'readBigInt64LE')()),
    take(8, 'readDoubleLE')];
  const list = (kind, size) => Array.from({ length: size }, kinds[kind]);

  u64(); // tensors
  const out = {};
  for (let left = u64(); left > 0; --left) {
    const key = text();
    out[key] = kinds[u32()]();
  }
  return out;
}
