// What tests of Tightwad before a server share: asking both, reading streams, leaving in mid-answer. Environment:
// TIGHTWAD_URL, TIGHTWAD_TOKEN; LLAMA_URL, a llama-server whose text it is, and LLAMA_LOG, what it says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { events } from './events.mjs';

export const near = process.env.TIGHTWAD_URL, far = process.env.LLAMA_URL;
export const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

export async function ask(base, path, body, signal) {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify({ model: 'stories', ...body }), signal });
  assert.equal(answer.status, 200, await (answer.ok ? '' : answer.text()));
  return answer;
}

export const text = (answer) => answer.choices[0].text ?? answer.choices[0].message.content;

export async function streamed(base, path, body) {
  const out = { text: '', reason: null, usage: null, done: false, pieces: 0 };
  for await (const data of events((await ask(base, path, { ...body, stream: true, stream_options: { include_usage: true } })).body)) {
    if (data === '[DONE]') { out.done = true; continue; }
    const chunk = JSON.parse(data);
    assert.ok(!chunk.error, data);
    for (const choice of chunk.choices) {
      const piece = choice.text ?? choice.delta?.content ?? '';
      out.text += piece;
      out.pieces += piece !== '';
      out.reason = choice.finish_reason ?? out.reason;
    }
    out.usage = chunk.usage ?? out.usage;
  }
  return out;
}

// The answer is the server's own, whole and streamed.
export async function isTheServersOwn(direct, path, body) {
  const whole = await (await ask(near, path, body)).json();
  const stream = await streamed(near, path, body);
  assert.ok(text(direct).length > 20, JSON.stringify(direct));
  assert.equal(text(whole), text(direct));
  assert.equal(whole.usage.completion_tokens, direct.usage.completion_tokens);
  assert.equal(whole.choices[0].finish_reason, direct.choices[0].finish_reason);
  assert.equal(stream.text, text(direct));
  assert.ok(stream.pieces > 10, `${stream.pieces} pieces`);
  assert.ok(stream.done);
  assert.equal(stream.reason, direct.choices[0].finish_reason);
  assert.equal(stream.usage.completion_tokens, direct.usage.completion_tokens);
  return `${whole.usage.completion_tokens} tokens, whole and in ${stream.pieces} pieces`;
}

// A client leaves a long completion after its first piece, and the llama-server is told to stop.
export async function leavesInMidAnswer(body) {
  const cancelled = () => readFileSync(process.env.LLAMA_LOG, 'utf8').split('cancel task').length;
  const before = cancelled();
  const abort = new AbortController();
  const reader = (await ask(near, '/v1/completions', { ...body, max_tokens: 900, stream: true }, abort.signal)).body.getReader();
  await reader.read();
  abort.abort();
  await reader.read().catch(() => {});
  const busy = async () => (await (await fetch(`${far}/slots`)).json()).some((slot) => slot.is_processing);
  for (let i = 0; cancelled() === before || await busy(); i++) {
    assert.ok(i < 300, 'the server still works for a client that has gone');
    await pause(100);
  }
}

export const status = async () => (await fetch(`${near}/v1/tightwad/status`, { headers })).json();
