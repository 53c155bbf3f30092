// The npm @langchain/openai client.
import assert from 'node:assert/strict';
import { ChatOpenAI, OpenAI } from '@langchain/openai';
import { ToolMessage } from '@langchain/core/messages';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const options = (fields) => ({ model, apiKey: token || 'any', maxRetries: 0, timeout: 120_000, maxTokens: 12,
  configuration: { baseURL: `${url}/v1` }, ...fields });
const chat = (fields) => new ChatOpenAI(options(fields));
const test = of('langchain');
const seed = 1;

test('chat, whole and streamed', async () => {
  const whole = await chat().invoke(messages, { seed });
  assert(whole.content.length > 0);
  assert(['stop', 'length'].includes(whole.response_metadata.finish_reason));
  assert(whole.usage_metadata.output_tokens > 0 && whole.usage_metadata.output_tokens <= 12);
  const parts = await collect(await chat().stream(messages, { seed }));
  assert.equal(parts.map((one) => one.content).join(''), whole.content);
  assert.equal(parts.reduce((sum, one) => sum.concat(one)).usage_metadata.output_tokens, whole.usage_metadata.output_tokens);
});

test('completions', async () => {
  const { generations: [[one]] } = await new OpenAI(options()).generate(['Once upon a time']);
  assert(one.text.length > 0);
});

test('a tool is called, whole and streamed, and its result is read', async () => {
  const { name, description, schema } = weather;
  const tools = [{ type: 'function', function: { name, description, parameters: schema } }];
  const bound = chat({ maxTokens: 120 }).bindTools(tools, { tool_choice: 'required' });
  const whole = await bound.invoke(messages, { seed });
  const [call] = whole.tool_calls;
  assert.equal(call.name, name);
  assert.equal(typeof call.args.city, 'string');
  const parts = await collect(await bound.stream(messages, { seed }));
  assert.deepEqual(parts.reduce((sum, one) => sum.concat(one)).tool_calls[0].args, call.args);
  const told = [...messages, whole, new ToolMessage({ content: 'It rains.', tool_call_id: call.id })];
  assert((await chat().invoke(told, { seed })).content.length > 0);
});

test('an answer in JSON meets its schema, whole and streamed', async () => {
  const held = chat({ maxTokens: 80 }).withStructuredOutput(place, { name: 'place', method: 'jsonSchema', strict: true });
  const whole = await held.invoke(messages, { seed: 12 });
  assert.deepEqual(Object.keys(whole), ['people', 'city']);
  assert.deepEqual((await collect(await held.stream(messages, { seed: 12 }))).at(-1), whole);
});

test('errors have the status and the sentence', async () => {
  const fails = (asked, status, words) => assert.rejects(asked, (error) => {
    assert.equal(error.status, status);
    assert.match(error.message, words);
    return true;
  });
  await fails(chat({ model: 'no-such-model' }).invoke(messages), 404, /There is no model 'no-such-model'/);
  await fails(chat({ temperature: 9 }).invoke(messages), 400, /'temperature'/);
  await fails(chat({ temperature: 9 }).stream(messages), 400, /'temperature'/);
  if (token) await fails(chat({ apiKey: 'wrong' }).invoke(messages), 401, /token/);
});

test('a stream can be aborted, and the next request is served', async () => {
  const gone = new AbortController();
  await leaves(async () => {
    const stream = await chat({ maxTokens: 400 }).stream(lengthy, { signal: gone.signal });
    await assert.rejects(async () => {
      for await (const piece of stream) if (piece) gone.abort();
    }, /abort/i);
  });
  await assert.rejects(chat({ maxTokens: 400 }).invoke(lengthy, { signal: AbortSignal.abort() }), /abort/i);
  assert((await chat().invoke(messages, { seed })).content.length > 0);
});
