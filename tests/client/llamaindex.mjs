// The npm @llamaindex/openai client. Its makers no longer maintain it. A caller who stops reading has it take the answer to
// its end all the same; a fetch with a signal, which it hands to the client below it, ends it.
import assert from 'node:assert/strict';
import { OpenAI } from '@llamaindex/openai';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const connect = (fields) => new OpenAI({ model, apiKey: token || 'any', baseURL: `${url}/v1`, maxRetries: 0, maxTokens: 12,
  temperature: 1, additionalChatOptions: { seed: 1 }, ...fields });
const test = of('llamaindex');
const { name, description, schema: parameters } = weather;
const tools = [{ metadata: { name, description, parameters } }];

test('chat, whole and streamed', async () => {
  const whole = await connect().chat({ messages });
  assert.equal(whole.message.role, 'assistant');
  assert(whole.message.content.length > 0);
  const parts = await collect(await connect().chat({ messages, stream: true }));
  assert.equal(parts.map((one) => one.delta).join(''), whole.message.content);
});

test('a tool is called, whole and streamed, and its result is read', async () => {
  const client = connect({ maxTokens: 120, additionalChatOptions: { seed: 1, tool_choice: 'required' } });
  const { message } = await client.chat({ messages, tools });
  const [call] = message.options.toolCall;
  assert.equal(call.name, name);
  const input = JSON.parse(call.input);
  assert.equal(typeof input.city, 'string');
  const parts = await collect(await client.chat({ messages, tools, stream: true }));
  assert.deepEqual(parts.at(-1).options.toolCall[0].input, input);
  const result = { role: 'user', content: 'It rains.', options: { toolResult: { id: call.id, result: 'It rains.', isError: false } } };
  assert((await connect().chat({ messages: [...messages, message, result] })).message.content.length > 0);
});

test('an answer in JSON meets its schema', async () => {
  const responseFormat = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } };
  const { message } = await connect({ maxTokens: 80 }).chat({ messages, responseFormat });
  assert.deepEqual(Object.keys(JSON.parse(message.content)), ['people', 'city']);
});

test('errors have the status and the sentence', async () => {
  const fails = (asked, status, words) => assert.rejects(asked, (error) => {
    assert.equal(error.status, status);
    assert.match(error.message, words);
    return true;
  });
  await fails(connect({ model: 'no-such-model' }).chat({ messages }), 404, /There is no model 'no-such-model'/);
  await fails(connect({ temperature: 9 }).chat({ messages }), 400, /'temperature'/);
  if (token) await fails(connect({ apiKey: 'wrong' }).chat({ messages }), 401, /token/);
});

test('a stream can be aborted, and the next request is served', async () => {
  const gone = new AbortController();
  const client = connect({ maxTokens: 400,
    additionalSessionOptions: { fetch: (to, how) => fetch(to, { ...how, signal: gone.signal }) } });
  await leaves(async () => {
    for await (const part of await client.chat({ messages: lengthy, stream: true })) if (part.delta) gone.abort();
  });
  await assert.rejects(client.chat({ messages: lengthy })); // by the same signal
  assert((await connect().chat({ messages })).message.content.length > 0);
});
