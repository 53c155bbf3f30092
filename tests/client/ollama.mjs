// The npm ollama client: lists, chat, generate, errors.
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import { collect, lengthy, messages, model, of, place, token, url } from './cases.mjs';

const connect = (key) => new Ollama({ host: url, headers: key ? { Authorization: `Bearer ${key}` } : {} });
const client = connect(token);
const test = of('ollama');
const options = { num_predict: 12, seed: 1 };

test('models are listed and shown', async () => {
  const names = (list) => list.models.map((one) => one.name);
  assert(names(await client.list()).includes(model));
  assert(names(await client.ps()).includes(model));
  assert.deepEqual((await client.show({ model })).capabilities, ['completion']);
  await assert.rejects(client.show({ model: 'no-such-model' }), /There is no model 'no-such-model'/);
});

test('chat, whole and streamed', async () => {
  const whole = await client.chat({ model, messages, options });
  assert(whole.done);
  assert.equal(whole.message.role, 'assistant');
  assert(whole.message.content.length > 0);
  assert(['stop', 'length'].includes(whole.done_reason));
  assert(whole.eval_count > 0 && whole.eval_count <= 12 && whole.total_duration > 0);
  const parts = await collect(await client.chat({ model, messages, options, stream: true }));
  assert.equal(parts.map((one) => one.message.content).join(''), whole.message.content);
  assert(parts.at(-1).done && parts.slice(0, -1).every((one) => !one.done));
  assert.equal(parts.at(-1).eval_count, whole.eval_count);
});

test('generate says what chat says, and raw takes the prompt as it is', async () => {
  const prompt = messages[0].content;
  const chat = await client.chat({ model, messages, options });
  assert.equal((await client.generate({ model, prompt, options })).response, chat.message.content);
  const parts = await collect(await client.generate({ model, prompt, options, raw: true, stream: true }));
  const raw = await client.generate({ model, prompt, options, raw: true });
  assert.equal(parts.map((one) => one.response).join(''), raw.response);
  assert(raw.prompt_eval_count <= chat.prompt_eval_count);
});

test('a model is asked for by name and tag, and can be loaded ahead', async () => {
  const tagged = await client.chat({ model: `${model}:latest`, messages, options });
  assert.equal(tagged.message.content, (await client.chat({ model, messages, options })).message.content);
  const loaded = await client.generate({ model, prompt: '' });
  assert.equal(loaded.done_reason, 'load');
});

test('an answer in JSON meets its schema', async () => {
  const settings = { num_predict: 300, seed: 3 };
  const parts = await collect(await client.chat({ model, messages, options: settings, format: place, stream: true }));
  const answer = JSON.parse(parts.map((one) => one.message.content).join(''));
  assert.deepEqual(Object.keys(answer), ['people', 'city']);
});

test('errors are sentences', async () => {
  await assert.rejects(client.chat({ model: 'no-such-model', messages }), /There is no model 'no-such-model'/);
  await assert.rejects(client.chat({ model, messages, options: { temperature: 9 } }), /'options.temperature'/);
  await assert.rejects(client.chat({ model, messages, format: 'yaml' }), /'format'/);
  if (token) await assert.rejects(connect('wrong').list(), /token/);
});

test('a stream can be aborted, and the next request is served', async () => {
  const stream = await client.chat({ model, messages: lengthy, options: { num_predict: 400 }, stream: true });
  try {
    for await (const part of stream) if (part) stream.abort();
  } catch (error) {
    assert.equal(error.name, 'AbortError'); // unless the answer was complete before
  }
  assert((await client.chat({ model, messages, options })).message.content.length > 0);
});
