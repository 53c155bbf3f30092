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

// What a chat's form and tools make of this model (which knows neither) is the server's affair: it says the same through us.
const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 99 }, a: { type: 'boolean' } },
  required: ['n', 'a'], additionalProperties: false };
const formed = await (await ask(near, '/v1/completions', { ...completion, max_tokens: 300, json_schema: schema })).json();
assert.deepEqual(Object.keys(JSON.parse(formed.choices[0].text)), ['n', 'a'], formed.choices[0].text);
for (const [path, body] of [['/v1/chat/completions', { ...chat, logprobs: true, top_logprobs: 2 }], ['/v1/completions', { ...completion, logprobs: 2 }]]) {
  const likely = await (await ask(near, path, body)).json();
  const { content, tokens, token_logprobs: logprobs } = likely.choices[0].logprobs;
  assert.equal((content ?? tokens).length, likely.usage.completion_tokens, JSON.stringify(likely.choices[0].logprobs).slice(0, 300));
  assert.ok((logprobs ?? content.map((one) => one.logprob)).every((one) => one <= 0 && one > -20));
}
const tools = [{ type: 'function', function: { name: 'look', parameters: schema } }];
for (const more of [{ tools, tool_choice: 'required' }, { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }]) {
  const said = async (base) => {
    const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ model: 'stories', ...chat, ...more }) });
    const reply = await answer.json();
    return { status: answer.status, message: reply.choices?.[0].message.content ?? reply.error.message };
  };
  const [direct, through] = [await said(far), await said(near)];
  assert.equal(through.status, direct.status);
  assert.ok(through.message.includes(direct.message), `${direct.message}\n${through.message}`);
}
console.log('ok log probabilities, forms and tools reach the server, and what it says of them comes back');

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
