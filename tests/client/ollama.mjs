// The npm ollama client: lists, chat, generate, errors.
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const connect = (key) => new Ollama({ host: url, headers: key ? { Authorization: `Bearer ${key}` } : {} });
const client = connect(token);
const test = of('ollama');
const options = { num_predict: 12, seed: 1 };

test('models are listed and shown', async () => {
  const names = (list) => list.models.map((one) => one.name);
  assert(names(await client.list()).includes(model));
  assert(names(await client.ps()).includes(model));
  const shown = await client.show({ model });
  const family = shown.model_info['general.architecture'];
  assert.equal(shown.details.family, family);
  assert(shown.model_info[`${family}.context_length`] > 0);
  // TinyLlama's template has no form for calls, so it cannot choose to call.
  assert.deepEqual(shown.capabilities, model === 'org/model-1' ? ['completion', 'tools'] : ['completion']);
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

test('a tool is called, whole and streamed, and its result is read', async () => {
  const { name, description, schema: parameters } = weather;
  const tools = [{ type: 'function', function: { name, description, parameters } }];
  // Ollama has no tool_choice; it is taken here as OpenAI's, and the client hands it on.
  const asked = { model, messages, tools, tool_choice: 'required', options: { num_predict: 200, seed: 13 } };
  const whole = await client.chat(asked);
  const [call] = whole.message.tool_calls;
  assert.equal(call.function.name, name);
  assert.equal(typeof call.function.arguments.city, 'string');
  const parts = await collect(await client.chat({ ...asked, stream: true }));
  assert.deepEqual(parts.flatMap((one) => one.message.tool_calls ?? []), whole.message.tool_calls);
  assert.equal(parts.at(-1).done_reason, 'stop');
  const told = [...messages, whole.message, { role: 'tool', tool_name: name, content: 'It rains.' }];
  assert((await client.chat({ model, messages: told, options })).message.content.length > 0);
});

test('log probabilities, whole as streamed', async () => {
  const asked = { model, messages, options, logprobs: true, top_logprobs: 2 };
  const whole = await client.chat(asked);
  assert(whole.logprobs.length > 0 && whole.logprobs.every((one) => one.logprob <= 0));
  const parts = await collect(await client.chat({ ...asked, stream: true }));
  assert.deepEqual(parts.flatMap((one) => one.logprobs ?? []), whole.logprobs);
});

test('errors are sentences', async () => {
  await assert.rejects(client.chat({ model: 'no-such-model', messages }), /There is no model 'no-such-model'/);
  await assert.rejects(client.chat({ model, messages, options: { temperature: 9 } }), /'options.temperature'/);
  await assert.rejects(client.chat({ model, messages, format: 'yaml' }), /'format'/);
  const images = ['iVBORw0KGgo='];
  if (model !== 'org/model-1') // which looks at nothing
    await assert.rejects(client.chat({ model, messages: [{ ...messages[0], images }] }), /Images are not served here/);
  if (token) await assert.rejects(connect('wrong').list(), /token/);
});

test('a stream can be aborted, and the next request is served', async () => {
  await leaves(async () => {
    const stream = await client.chat({ model, messages: lengthy, options: { num_predict: 400 }, stream: true });
    await assert.rejects(async () => {
      for await (const part of stream) if (part) stream.abort();
    }, { name: 'AbortError' });
  });
  assert((await client.chat({ model, messages, options })).message.content.length > 0);
});
