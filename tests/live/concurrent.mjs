// Fifty streams at once against a real model: each equals its own single run, and clients that go away
// leave nothing behind. Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_TOKEN, TIGHTWAD_MODEL.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { events } from './events.mjs';

const base = `${process.env.TIGHTWAD_URL}/v1`;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

const filler = 'The quick brown fox jumps over the lazy dog near the old stone bridge by the river. ';

// Ten of the fifty read about 560 tokens and answer past position 600; the others are short.
function request(i) {
  const long = i % 5 === 0;
  return {
    model: process.env.TIGHTWAD_MODEL,
    prompt: long ? `Story ${i}. ` + filler.repeat(27) : `Once upon a time number ${i}, there was`,
    max_tokens: long ? 60 : 8 + (i % 12),
    temperature: i % 2 ? 1.0 : 0,
    seed: 1000 + i,
    logit_bias: long ? { 2: -100 } : undefined,
    stream: true,
    stream_options: { include_usage: true },
  };
}

async function stream(body, signal, onText = () => {}) {
  const response = await fetch(`${base}/completions`, { method: 'POST', headers, body: JSON.stringify(body), signal });
  assert.equal(response.status, 200, await (response.ok ? '' : response.text()));
  const out = { text: '', reason: null, usage: null, done: false };
  for await (const data of events(response.body)) {
    if (data === '[DONE]') { out.done = true; continue; }
    const chunk = JSON.parse(data);
    assert.ok(!chunk.error, data);
    for (const choice of chunk.choices) {
      out.text += choice.text;
      if (choice.text) onText();
      if (choice.finish_reason) out.reason = choice.finish_reason;
    }
    if (chunk.usage) out.usage = chunk.usage;
  }
  return out;
}

async function status() {
  return (await fetch(`${base}/tightwad/status`, { headers })).json();
}

async function idle() {
  for (let i = 0; i < 200; i++) {
    const { slots } = (await status()).pipelines[0];
    if (slots.active === 0 && slots.queued === 0) return;
    await pause(100);
  }
  assert.fail(`sequences are left behind: ${JSON.stringify((await status()).pipelines[0].slots)}`);
}

const n = 50;
const started = Date.now();
const together = await Promise.all(Array.from({ length: n }, async (_, i) => {
  await pause(i * 60);
  return stream(request(i));
}));
console.log(`ok ${n} streams together in ${((Date.now() - started) / 1000).toFixed(1)} s`);
let past600 = 0;
for (let i = 0; i < n; i++) {
  const single = await stream(request(i));
  assert.equal(together[i].text, single.text, `stream ${i} differs from its single run`);
  assert.equal(together[i].reason, single.reason);
  assert.deepEqual(together[i].usage.completion_tokens, single.usage.completion_tokens);
  assert.ok(together[i].done && single.done);
  past600 += single.usage.total_tokens > 600;
}
assert.ok(past600 >= 10, `${past600} answers went past 600 tokens`);
console.log(`ok each equals its single run, ${past600} past 600 tokens`);

const half = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => {
  const abort = new AbortController();
  const body = { ...request(1), seed: i, max_tokens: 40, logit_bias: { 2: -100 } };
  return stream(body, abort.signal, () => { if (i % 2) abort.abort(); });
}));
assert.equal(half.filter((one) => one.status === 'fulfilled').length, 10);
await idle();
console.log('ok clients that went away left no sequence behind');
