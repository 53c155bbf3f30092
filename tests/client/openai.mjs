// The npm openai client: models, chat, completions, errors.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const connect = (options = {}) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: token || 'any', maxRetries: 0, timeout: 120_000, ...options });
const client = connect();
const test = of('openai');
const fails = (request, type, status, code, param) =>
  assert.rejects(request, (error) => {
    assert(error instanceof type, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.status, status);
    if (code !== undefined) assert.equal(error.code, code);
    if (param !== undefined) assert.equal(error.param, param);
    assert(error.requestID?.startsWith('req_'));
    return true;
  });

test('models are listed and retrieved', async () => {
  const ids = (await client.models.list()).data.map((one) => one.id);
  assert(ids.includes(model));
  assert.equal((await client.models.retrieve(model)).object, 'model');
});

test('a model that is not served is NotFoundError', async () => {
  await fails(client.models.retrieve('no-such-model'), OpenAI.NotFoundError, 404, 'model_not_found');
  await fails(client.chat.completions.create({ model: 'no-such-model', messages }), OpenAI.NotFoundError, 404,
    'model_not_found', 'model');
});

test('chat', async () => {
  const answer = await client.chat.completions.create({ model, messages, max_tokens: 12, seed: 1 });
  assert.equal(answer.object, 'chat.completion');
  assert(answer.id.startsWith('chatcmpl-'));
  assert.equal(answer.model, model);
  const [choice] = answer.choices;
  assert.equal(choice.message.role, 'assistant');
  assert(choice.message.content.length > 0);
  assert(['stop', 'length'].includes(choice.finish_reason));
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  assert(answer.usage.completion_tokens <= 12);
  assert.equal(typeof answer.usage.prompt_tokens_details.cached_tokens, 'number');
  assert.equal(answer.tightwad.seed, 1);
});

test('streamed chat says the same as chat', async () => {
  const request = { model, messages, max_tokens: 12, seed: 2 };
  const whole = await client.chat.completions.create(request);
  const chunks = await collect(await client.chat.completions.create({ ...request, stream: true }));
  assert.deepEqual(chunks[0].choices[0].delta, { role: 'assistant', content: '' });
  const text = chunks.map((one) => one.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(new Set(chunks.map((one) => one.id)).size, 1);
  const reasons = chunks.map((one) => one.choices[0].finish_reason);
  assert.equal(reasons.at(-1), whole.choices[0].finish_reason);
  assert(reasons.slice(0, -1).every((one) => one === null));
  assert(chunks.every((one) => !('usage' in one)));
  assert.equal(chunks.at(-1).tightwad.seed, 2);
});

test('the stream helper assembles the same answer', async () => {
  const request = { model, messages, max_tokens: 12, seed: 2 };
  const whole = await client.chat.completions.create(request);
  const assembled = await client.chat.completions.stream(request).finalChatCompletion();
  assert.equal(assembled.choices[0].message.content, whole.choices[0].message.content);
});

test('include_usage adds one chunk without choices', async () => {
  const request = { model, messages, max_tokens: 8, seed: 3, stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(await client.chat.completions.create(request));
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert(last.usage.completion_tokens > 0);
  assert(chunks.every((one) => one.usage === null));
});

test('the same seed gives the same answer', async () => {
  const ask = async (seed) =>
    (await client.chat.completions.create({ model, messages, max_tokens: 16, seed, temperature: 1 })).choices[0].message
      .content;
  assert.equal(await ask(42), await ask(42));
  const others = await Promise.all([43, 44, 45].map(ask));
  assert((await ask(42)) !== others[0] || new Set(others).size > 1);
});

test('speculation off gives the same answer', async () => {
  const request = { model, messages, max_tokens: 16, seed: 5 };
  const on = await client.chat.completions.create(request);
  const off = await client.chat.completions.create({ ...request, tightwad: { speculation: false } });
  assert.equal(on.choices[0].message.content, off.choices[0].message.content);
});

test('n=2 gives two answers, the first as with n=1', async () => {
  const request = { model, messages, max_tokens: 8, seed: 6 };
  const one = await client.chat.completions.create(request);
  const two = await client.chat.completions.create({ ...request, n: 2 });
  assert.deepEqual(two.choices.map((choice) => choice.index), [0, 1]);
  assert.equal(two.choices[0].message.content, one.choices[0].message.content);
});

test('content in parts is content', async () => {
  const request = { model, max_tokens: 8, seed: 7 };
  const plain = await client.chat.completions.create({ ...request, messages: [{ role: 'user', content: 'Hello sea' }] });
  const parts = [{ role: 'user', content: [{ type: 'text', text: 'Hello sea' }] }];
  const parted = await client.chat.completions.create({ ...request, messages: parts });
  assert.equal(parted.choices[0].message.content, plain.choices[0].message.content);
});

test('completions of a string, a list, token ids and lists of them', async () => {
  const request = { model, max_tokens: 6, seed: 8 };
  const one = await client.completions.create({ ...request, prompt: 'Once upon a time' });
  assert.equal(one.object, 'text_completion');
  assert(one.choices[0].text.length > 0);
  const list = await client.completions.create({ ...request, prompt: ['Once upon a time', 'The sea'] });
  assert.equal(list.choices.length, 2);
  assert.equal(list.choices[0].text, one.choices[0].text);
  const tokens = await client.completions.create({ ...request, prompt: [1, 9038, 2501] });
  const lists = await client.completions.create({ ...request, prompt: [[1, 9038, 2501], [1, 450]] });
  assert.equal(lists.choices[0].text, tokens.choices[0].text);
  const stream = await collect(await client.completions.create({ ...request, prompt: 'Once upon a time', stream: true }));
  assert.equal(stream.map((chunk) => chunk.choices[0].text).join(''), one.choices[0].text);
  const echo = await client.completions.create({ ...request, prompt: 'Once upon a time', echo: true });
  assert.equal(echo.choices[0].text, 'Once upon a time' + one.choices[0].text);
});

test('max_tokens is exact', async () => {
  const answer = await client.completions.create({ model, prompt: 'Once upon a time there was', max_tokens: 3, seed: 9 });
  assert(answer.usage.completion_tokens <= 3);
  if (answer.choices[0].finish_reason === 'length') assert.equal(answer.usage.completion_tokens, 3);
});

test('a bad request is BadRequestError with the field', async () => {
  const ask = (fields) => client.chat.completions.create({ model, messages, ...fields });
  await fails(ask({ temperature: 9 }), OpenAI.BadRequestError, 400, 'invalid_value', 'temperature');
  await fails(ask({ max_tokens: -1 }), OpenAI.BadRequestError, 400, 'invalid_value', 'max_tokens');
  await fails(ask({ messages: [] }), OpenAI.BadRequestError, 400, 'invalid_value', 'messages');
  await fails(ask({ messages: 'hi' }), OpenAI.BadRequestError, 400, 'invalid_value', 'messages');
  await fails(ask({ tools: [{ type: 'function', function: { name: 'f g' } }] }), OpenAI.BadRequestError, 400,
    'invalid_value', 'tools[0].function.name');
  await fails(ask({ tool_choice: 'required' }), OpenAI.BadRequestError, 400, 'invalid_value', 'tool_choice');
  await fails(ask({ top_logprobs: 3 }), OpenAI.BadRequestError, 400, 'invalid_value', 'top_logprobs');
  await fails(ask({ response_format: { type: 'xml' } }), OpenAI.BadRequestError, 400, 'invalid_value',
    'response_format.type');
  await fails(ask({ response_format: { type: 'json_object' }, grammar: 'root ::= "a"' }), OpenAI.BadRequestError, 400,
    'invalid_value', 'grammar');
  await fails(ask({ stream: true, temperature: 9 }), OpenAI.BadRequestError, 400);
});

test('an answer in JSON meets its schema, whole and streamed, with speculation and without', async () => {
  const format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } };
  const request = { model, messages, max_tokens: 80, seed: 12, response_format: format };
  const whole = await client.chat.completions.create(request);
  const answer = JSON.parse(whole.choices[0].message.content);
  assert.deepEqual(Object.keys(answer), ['people', 'city']);
  assert(Number.isInteger(answer.people) && typeof answer.city === 'string');
  assert.equal(whole.choices[0].finish_reason, 'stop');
  const alone = await client.chat.completions.create({ ...request, tightwad: { speculation: false } });
  assert.equal(alone.choices[0].message.content, whole.choices[0].message.content);
  const chunks = await collect(await client.chat.completions.create({ ...request, stream: true }));
  assert.equal(chunks.map((one) => one.choices[0]?.delta.content ?? '').join(''), whole.choices[0].message.content);
});

test('a tool is called, whole and streamed, with speculation and without, and its result is read', async () => {
  const { name, description, schema: parameters } = weather;
  const tools = [{ type: 'function', function: { name, description, parameters } }];
  const request = { model, messages, max_tokens: 120, seed: 13, tools, tool_choice: 'required' };
  const whole = await client.chat.completions.create(request);
  const [choice] = whole.choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.content, null);
  assert.equal(choice.message.tool_calls.length, 1);
  const [call] = choice.message.tool_calls;
  assert(call.id.startsWith('call_'));
  assert.equal(call.function.name, name);
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const alone = await client.chat.completions.create({ ...request, tightwad: { speculation: false } });
  assert.equal(alone.choices[0].message.tool_calls[0].function.arguments, call.function.arguments);

  const chunks = await collect(await client.chat.completions.create({ ...request, stream: true }));
  const pieces = chunks.flatMap((one) => one.choices[0]?.delta.tool_calls ?? []);
  assert(pieces.every((one) => one.index === 0));
  assert.deepEqual(pieces.map((one) => one.function.name).filter(Boolean), [name]);
  assert.equal(pieces.map((one) => one.function.arguments).join(''), call.function.arguments);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'tool_calls');
  const helped = await client.chat.completions.stream(request).finalChatCompletion();
  assert.equal(helped.choices[0].message.tool_calls[0].function.arguments, call.function.arguments);

  const named = { type: 'function', function: { name } };
  const again = await client.chat.completions.create({ ...request, tool_choice: named });
  assert.equal(again.choices[0].message.tool_calls[0].function.name, name);
  const told = [...messages, choice.message, { role: 'tool', tool_call_id: call.id, content: 'It rains.' }];
  const after = await client.chat.completions.create({ model, messages: told, max_tokens: 8, seed: 1 });
  assert(after.choices[0].message.content.length > 0);
});

test('a prompt longer than the context is BadRequestError context_length_exceeded', async () => {
  const long = Array.from({ length: 5000 }, () => ({ role: 'user', content: 'More and more words about the sea.' }));
  await fails(client.chat.completions.create({ model, messages: long }), OpenAI.BadRequestError, 400,
    'context_length_exceeded');
});

test('a wrong token is AuthenticationError', async () => {
  if (!token) return;
  await fails(connect({ apiKey: 'wrong' }).models.list(), OpenAI.AuthenticationError, 401, 'invalid_api_key');
});

test('a path that is not there is NotFoundError', async () => {
  await fails(client.moderations.create({ input: 'x' }), OpenAI.NotFoundError, 404);
});

test('a stream can be aborted, and the next request is served', async () => {
  await leaves(async () => {
    const stream = await client.chat.completions.create({ model, messages: lengthy, max_tokens: 400, seed: 10, stream: true });
    for await (const chunk of stream) {
      assert(chunk.id);
      stream.controller.abort();
      break;
    }
  });
  const pending = new AbortController();
  const waiting = client.chat.completions.create({ model, messages: lengthy, max_tokens: 400 }, { signal: pending.signal });
  pending.abort();
  await assert.rejects(waiting, OpenAI.APIUserAbortError);
  const next = await client.chat.completions.create({ model, messages, max_tokens: 4, seed: 11 });
  assert(next.choices[0].message.content.length > 0);
});

test('ten streams at once are each their own', async () => {
  const request = (seed) => ({ model, messages, max_tokens: 12, seed });
  const seeds = Array.from({ length: 10 }, (_, index) => 100 + index);
  const single = [];
  for (const seed of seeds) single.push((await client.chat.completions.create(request(seed))).choices[0].message.content);
  const streamed = await Promise.all(seeds.map(async (seed) => {
    const chunks = await collect(await client.chat.completions.create({ ...request(seed), stream: true }));
    return chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('');
  }));
  assert.deepEqual(streamed, single);
});

test('log probabilities, with speculation as without, whole as streamed', async () => {
  const request = { model, messages, max_tokens: 8, seed: 12, logprobs: true, top_logprobs: 2 };
  const tokens = (answer) => answer.choices[0].logprobs.content;
  const whole = await client.chat.completions.create(request);
  const off = await client.chat.completions.create({ ...request, tightwad: { speculation: false } });
  assert(tokens(whole).length > 0 && tokens(whole).every((one) => one.logprob <= 0));
  assert.deepEqual(tokens(whole), tokens(off));
  const chunks = await collect(await client.chat.completions.create({ ...request, stream: true }));
  assert.deepEqual(chunks.flatMap((one) => one.choices[0].logprobs?.content ?? []), tokens(whole));
});
