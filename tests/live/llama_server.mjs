// Tightwad before a real llama-server gives that server's own answers, whole and streamed, and stops it when the
// client goes. Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN, LLAMA_URL.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const near = process.env.TIGHTWAD_URL, far = process.env.LLAMA_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function ask(base, path, body, signal) {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify({ model: 'stories', ...body }), signal });
  assert.equal(answer.status, 200, await (answer.ok ? '' : answer.text()));
  return answer;
}

async function* events(answer) {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let held = '';
  for await (const bytes of answer.body) {
    held += decoder.decode(bytes, { stream: true });
    for (let end; (end = held.indexOf('\n\n')) >= 0; held = held.slice(end + 2))
      if (held.startsWith('data: ')) yield held.slice(6, end);
  }
}

async function streamed(base, path, body) {
  const out = { text: '', reason: null, usage: null, done: false, pieces: 0 };
  for await (const data of events(await ask(base, path, { ...body, stream: true, stream_options: { include_usage: true } }))) {
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

const chat = { messages: [{ role: 'user', content: 'Tell me a story about a little dog.' }], temperature: 0, seed: 1, max_tokens: 40 };
const completion = { prompt: 'Once upon a time there was a little', temperature: 0, seed: 1, max_tokens: 40 };

for (const [path, body] of [['/v1/chat/completions', chat], ['/v1/completions', completion]]) {
  const text = (answer) => answer.choices[0].text ?? answer.choices[0].message.content;
  const direct = await (await ask(far, path, body)).json();
  const whole = await (await ask(near, path, body)).json();
  const stream = await streamed(near, path, body);
  assert.ok(text(direct).length > 20, JSON.stringify(direct));
  assert.equal(text(whole), text(direct));
  assert.equal(stream.text, text(direct));
  assert.ok(stream.pieces > 10, `${stream.pieces} pieces`);
  assert.ok(stream.done);
  assert.equal(stream.reason, direct.choices[0].finish_reason);
  assert.equal(whole.usage.completion_tokens, direct.usage.completion_tokens);
  assert.equal(stream.usage.completion_tokens, direct.usage.completion_tokens);
  console.log(`ok ${path}: ${whole.usage.completion_tokens} tokens, the server's own text, whole and in ${stream.pieces} pieces`);
}

const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 99 }, a: { type: 'boolean' } },
  required: ['n', 'a'], additionalProperties: false };
for (const [path, body] of [['/v1/chat/completions', chat], ['/v1/completions', completion]]) {
  const asked = { ...body, max_tokens: 100, logprobs: path.includes('chat') ? true : 2 };
  const likely = await (await ask(near, path, asked)).json();
  const { content, tokens } = likely.choices[0].logprobs;
  assert.equal((content ?? tokens).length, likely.usage.completion_tokens, JSON.stringify(likely.choices[0].logprobs).slice(0, 300));
  const form = path.includes('chat') ? { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } } : { json_schema: schema };
  const formed = await (await ask(near, path, { ...body, max_tokens: 100, ...form })).json();
  const text = formed.choices[0].text ?? formed.choices[0].message.content;
  assert.deepEqual(Object.keys(JSON.parse(text)), ['n', 'a'], text);
}
const tools = [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema } }];
const called = await (await ask(near, '/v1/chat/completions', { ...chat, max_tokens: 300, tools, tool_choice: 'required' })).json();
const [call] = called.choices[0].message.tool_calls ?? [];
assert.equal(call?.function.name, 'look', JSON.stringify(called));
assert.equal(typeof JSON.parse(call.function.arguments).n, 'number');
console.log('ok log probabilities, forms and a call come from the server');

const busy = async () => (await (await fetch(`${far}/slots`)).json()).filter((slot) => slot.is_processing).length;
const abort = new AbortController();
const long = await ask(near, '/v1/completions', { ...completion, max_tokens: 900, stream: true, logit_bias: { 1: -100, 2: -100 } }, abort.signal);
const reader = long.body.getReader();
await reader.read();
abort.abort();
await reader.read().catch(() => {});
for (let i = 0; (await busy()) > 0; i++) {
  assert.ok(i < 300, 'llama-server still works for a client that has gone');
  await pause(100);
}
const status = await (await fetch(`${near}/v1/tightwad/status`, { headers })).json();
assert.equal(status.pipelines[0].slots.active, 0);
assert.equal(status.pipelines[0].speculation.active, false);
assert.match(status.pipelines[0].speculation.why_not, /tightwad peer/);
console.log('ok a client that goes away frees the server; the status says why nothing is speculated');

const refused = await fetch(`${near}/v1/completions`, { method: 'POST', headers,
  body: JSON.stringify({ model: 'stories', prompt: 'word '.repeat(3000), max_tokens: 5 }) });
assert.equal(refused.status, 400);
assert.equal((await refused.json()).error.code, 'context_length_exceeded');
console.log('ok a prompt that is too long is told so');
