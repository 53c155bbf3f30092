// Tightwad before a server that speaks Ollama's API: the server's own text, whole and streamed, with the Modelfile's own
// parameters where the client says nothing. Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN, LLAMA_URL (the text's source).
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const near = process.env.TIGHTWAD_URL, far = process.env.LLAMA_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function ask(base, path, body, signal) {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify({ model: 'stories', ...body }), signal });
  assert.equal(answer.status, 200, await (answer.ok ? '' : answer.text()));
  return answer;
}

const text = (answer) => answer.choices[0].text ?? answer.choices[0].message.content;
const greedy = { temperature: 0, seed: 1, max_tokens: 40 };

for (const [path, body] of [
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Tell me a story about a little dog.' }] }],
  ['/v1/completions', { prompt: 'Once upon a time there was a little', max_tokens: 40 }],
]) {
  const direct = await (await ask(far, path, { ...body, ...greedy })).json();
  const said = await (await ask(near, path, { ...body, ...greedy })).json();
  const silent = await (await ask(near, path, body)).json();
  assert.ok(text(direct).length > 20, JSON.stringify(direct));
  assert.equal(text(said), text(direct));
  assert.equal(text(silent), text(direct)); // a temperature of our own would have changed it
  assert.equal(said.usage.completion_tokens, direct.usage.completion_tokens);
  assert.equal(said.choices[0].finish_reason, direct.choices[0].finish_reason);
  const stream = await (await ask(near, path, { ...body, ...greedy, stream: true })).text();
  const pieces = stream.split('\n\n').filter((one) => one.startsWith('data: {')).flatMap((one) => JSON.parse(one.slice(6)).choices)
    .map((choice) => choice.text ?? choice.delta.content ?? '').filter((piece) => piece !== '');
  assert.equal(pieces.join(''), text(direct));
  assert.ok(pieces.length > 10, `${pieces.length} pieces`);
  console.log(`ok ${path}: the server's own text, with the Modelfile's parameters, whole and in ${pieces.length} pieces`);
}

const called = await (await ask(near, '/v1/chat/completions', { ...greedy, reasoning_effort: 'low', user: 'u', messages: [
  { role: 'user', content: 'Look.', name: 'ann' },
  { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }] },
  { role: 'tool', tool_call_id: 'a', content: 'a dog' }] })).json();
assert.ok(called.usage.completion_tokens > 0);
console.log('ok earlier calls, and fields that Ollama does not have: it is sent only what its documentation names');

const busy = async () => (await (await fetch(`${far}/slots`)).json()).filter((slot) => slot.is_processing).length;
const abort = new AbortController();
const reader = (await ask(near, '/v1/completions', { prompt: 'Once upon a time', temperature: 1, max_tokens: 900, stream: true }, abort.signal)).body.getReader();
await reader.read();
abort.abort();
await reader.read().catch(() => {});
for (let i = 0; (await busy()) > 0; i++) {
  assert.ok(i < 300, 'the server still works for a client that has gone');
  await pause(100);
}
const status = await (await fetch(`${near}/v1/tightwad/status`, { headers })).json();
assert.deepEqual(status.pipelines[0].target.about, { context: 1024, capabilities: ['completion'], parameters: '15M', quantization: 'Q8_0' });
console.log('ok a client that goes away frees the server; the status tells of the model');
