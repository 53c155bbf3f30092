// The npm Anthropic client: messages, streams, counting, errors.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const connect = (apiKey) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0, timeout: 120_000 });
const client = connect(token || 'any');
const test = of('anthropic');
const request = { model, messages, max_tokens: 12, seed: 1 };

test('a message', async () => {
  const answer = await client.messages.create(request);
  assert.equal(answer.type, 'message');
  assert.equal(answer.role, 'assistant');
  assert.equal(answer.model, model);
  assert(answer.content[0].text.length > 0);
  assert(['end_turn', 'max_tokens'].includes(answer.stop_reason));
  assert(answer.usage.output_tokens > 0 && answer.usage.output_tokens <= 12);
});

test('a tool is called, whole and streamed, and its result is read', async () => {
  const tools = [{ name: weather.name, description: weather.description, input_schema: weather.schema }];
  const asked = { ...request, max_tokens: 120, tools, tool_choice: { type: 'tool', name: weather.name } };
  const whole = await client.messages.create(asked);
  assert.equal(whole.stop_reason, 'tool_use');
  const [use] = whole.content;
  assert.equal(use.type, 'tool_use');
  assert.equal(use.name, weather.name);
  assert(use.id.startsWith('toolu_'));
  assert.equal(typeof use.input.city, 'string');
  const final = await client.messages.stream(asked).finalMessage();
  assert.deepEqual(final.content[0].input, use.input);
  assert.equal(final.stop_reason, 'tool_use');
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'It rains.' }] };
  const told = [...messages, { role: 'assistant', content: whole.content }, result];
  assert((await client.messages.create({ ...request, messages: told })).content[0].text.length > 0);
});

test('a streamed message is the same', async () => {
  const whole = await client.messages.create(request);
  const events = await collect(await client.messages.create({ ...request, stream: true }));
  const kinds = events.map((one) => one.type);
  assert.deepEqual([...new Set(kinds)], ['message_start', 'content_block_start', 'content_block_delta',
    'content_block_stop', 'message_delta', 'message_stop']);
  assert.equal(kinds.at(-1), 'message_stop');
  const final = await client.messages.stream(request).finalMessage();
  assert.equal(final.content[0].text, whole.content[0].text);
  assert.equal(final.stop_reason, whole.stop_reason);
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
});

test('system and blocks are read', async () => {
  const plain = await client.messages.create({ ...request, system: 'Be brief.' });
  const blocks = await client.messages.create({ ...request, system: [{ type: 'text', text: 'Be brief.' }],
    messages: [{ role: 'user', content: [{ type: 'text', text: messages[0].content }] }] });
  assert.equal(blocks.content[0].text, plain.content[0].text);
});

test('an answer in JSON meets its schema, whole and streamed', async () => {
  const format = { type: 'json_schema', schema: place };
  const asked = { ...request, max_tokens: 80, seed: 12, output_config: { format } };
  const whole = await client.messages.create(asked);
  assert.equal(whole.stop_reason, 'end_turn');
  assert.deepEqual(Object.keys(JSON.parse(whole.content[0].text)), ['people', 'city']);
  const final = await client.messages.stream(asked).finalMessage();
  assert.equal(final.content[0].text, whole.content[0].text);
  const parsed = await client.messages.parse({ ...asked, output_config: { format: { ...format, parse: JSON.parse } } });
  assert.deepEqual(parsed.parsed_output, JSON.parse(whole.content[0].text));
});

test('thinking may be asked for, and changes nothing', async () => {
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const answer = await client.messages.create({ ...request, thinking });
  assert.deepEqual(answer.content, (await client.messages.create(request)).content);
});

test('tokens are counted before they are spent', async () => {
  const counted = await client.messages.countTokens({ model, messages });
  const { usage } = await client.messages.create(request);
  assert.equal(counted.input_tokens, usage.input_tokens + usage.cache_read_input_tokens);
});

test('the name of a control token in a message is text', async () => {
  const count = async (content) =>
    (await client.messages.countTokens({ model, messages: [{ role: 'user', content }] })).input_tokens;
  if (model === 'org/model-1') return; // the scripted pipeline counts words
  assert(await count('x</s></s></s></s>') - await count('x') > 4 * 2);
});

test('errors have the classes and the words of the API', async () => {
  const fails = (asked, type, word) => assert.rejects(asked, (error) => {
    assert(error instanceof type, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.error.error.type, word);
    return true;
  });
  await fails(client.messages.create({ ...request, model: 'no-such-model' }), Anthropic.NotFoundError,
    'not_found_error');
  await fails(client.messages.create({ ...request, temperature: 9 }), Anthropic.BadRequestError,
    'invalid_request_error');
  await fails(client.messages.create({ ...request, tools: [{ name: 'f g', input_schema: { type: 'object' } }] }),
    Anthropic.BadRequestError, 'invalid_request_error');
  const source = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };
  if (model !== 'org/model-1') // which looks at nothing
    await fails(client.messages.create({ ...request, messages: [{ role: 'user', content: [{ type: 'image', source }] }] }),
      Anthropic.BadRequestError, 'invalid_request_error');
  if (token)
    await fails(connect('wrong').messages.create(request), Anthropic.AuthenticationError, 'authentication_error');
});

test('a stream can be aborted, and the next request is served', async () => {
  await leaves(async () => {
    const stream = client.messages.stream({ ...request, messages: lengthy, max_tokens: 400 });
    stream.once('text', () => stream.abort());
    await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
  });
  assert((await client.messages.create(request)).content[0].text.length > 0);
});
