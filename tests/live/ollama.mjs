// Tightwad before a server that speaks Ollama's API: the server's own text, whole and streamed, with the Modelfile's own
// parameters where the client says nothing. Environment: before_server.mjs.
import assert from 'node:assert/strict';
import { ask, far, isTheServersOwn, leavesInMidAnswer, near, status, text } from './before_server.mjs';

const greedy = { temperature: 0, seed: 1, max_tokens: 40 };

for (const [path, body] of [
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'Tell me a story about a little dog.' }] }],
  ['/v1/completions', { prompt: 'Once upon a time there was a little', max_tokens: 40 }],
]) {
  const direct = await (await ask(far, path, { ...body, ...greedy })).json();
  const silent = await (await ask(near, path, body)).json();
  assert.equal(text(silent), text(direct)); // a temperature of our own would have changed it
  console.log(`ok ${path}: the server's own text, with the Modelfile's parameters, ${await isTheServersOwn(direct, path, { ...body, ...greedy })}`);
}

const called = await (await ask(near, '/v1/chat/completions', { ...greedy, reasoning_effort: 'low', user: 'u', messages: [
  { role: 'user', content: 'Look.', name: 'ann' },
  { role: 'assistant', content: null, tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }] },
  { role: 'tool', tool_call_id: 'a', content: 'a dog' }] })).json();
assert.ok(called.usage.completion_tokens > 0);
console.log('ok earlier calls, and fields that Ollama does not have: it is sent only what its documentation names');

await leavesInMidAnswer({ prompt: 'Once upon a time', temperature: 1 });
assert.deepEqual((await status()).pipelines[0].target.about, { context: 1024, capabilities: ['completion'], parameters: '15M', quantization: 'Q8_0' });
console.log('ok a client that goes away frees the server; the status tells of the model');
