// The npm openai client's responses.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { collect, leaves, lengthy, model, of, place, token, url, weather } from './cases.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token || 'any', maxRetries: 0, timeout: 120_000 });
const test = of('openai responses');
const input = 'Say one short sentence about the sea.';

test('a response', async () => {
  const answer = await client.responses.create({ model, input, max_output_tokens: 12, seed: 1 });
  assert.equal(answer.object, 'response');
  assert(answer.id.startsWith('resp_'));
  assert(answer.output_text.length > 0);
  assert(['completed', 'incomplete'].includes(answer.status));
  assert.equal(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens);
  assert(answer.usage.output_tokens <= 12);
});

test('says what chat says', async () => {
  const seed = 2;
  const chat = await client.chat.completions.create({ model, seed, max_tokens: 12,
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: input }] });
  const answer = await client.responses.create({ model, seed, max_output_tokens: 12, instructions: 'Be brief.',
    input: [{ role: 'user', content: [{ type: 'input_text', text: input }] }] });
  assert.equal(answer.output_text, chat.choices[0].message.content);
  assert.equal(answer.instructions, 'Be brief.');
});

test('streamed events build the same response', async () => {
  const request = { model, input, max_output_tokens: 12, seed: 3 };
  const whole = await client.responses.create(request);
  const events = await collect(await client.responses.create({ ...request, stream: true }));
  assert.deepEqual(events.map((one) => one.sequence_number), events.map((_, index) => index));
  assert.equal(events[0].type, 'response.created');
  const text = events.filter((one) => one.type === 'response.output_text.delta').map((one) => one.delta).join('');
  assert.equal(text, whole.output_text);
  const { type, response } = events.at(-1);
  assert.equal(type, `response.${whole.status}`);
  assert.equal(response.output[0].content[0].text, whole.output_text);
  assert.deepEqual(response.usage.output_tokens, whole.usage.output_tokens);
});

test('the stream helper assembles it', async () => {
  const request = { model, input, max_output_tokens: 12, seed: 3 };
  const whole = await client.responses.create(request);
  const final = await client.responses.stream(request).finalResponse();
  assert.equal(final.output_text, whole.output_text);
});

test('a function is called, whole and streamed, and its result is read', async () => {
  const { name, description, schema: parameters } = weather;
  const tools = [{ type: 'function', name, description, parameters, strict: true }];
  const request = { model, input, max_output_tokens: 120, seed: 13, tools, tool_choice: 'required' };
  const whole = await client.responses.create(request);
  assert.equal(whole.status, 'completed');
  const [call] = whole.output;
  assert.equal(call.type, 'function_call');
  assert.equal(call.name, name);
  assert(call.call_id.startsWith('call_'));
  assert.equal(typeof JSON.parse(call.arguments).city, 'string');
  assert.equal(whole.tools[0].name, name);

  const events = await collect(await client.responses.create({ ...request, stream: true }));
  const pieces = events.filter((one) => one.type === 'response.function_call_arguments.delta').map((one) => one.delta);
  assert.equal(pieces.join(''), call.arguments);
  assert.equal(events.at(-1).response.output[0].arguments, call.arguments);
  const helped = await client.responses.stream(request).finalResponse();
  assert.equal(helped.output[0].arguments, call.arguments);

  const told = [{ role: 'user', content: input }, call, { type: 'function_call_output', call_id: call.call_id, output: 'It rains.' }];
  const after = await client.responses.create({ model, input: told, max_output_tokens: 8, seed: 1 });
  assert(after.output_text.length > 0);
});

test('what needs a memory or a tool of the server is refused, never dropped', async () => {
  const refuses = (fields, param) => assert.rejects(client.responses.create({ model, input, ...fields }), (error) => {
    assert(error instanceof OpenAI.BadRequestError, error.message);
    assert.equal(error.param, param);
    return true;
  });
  await refuses({ previous_response_id: 'resp_1' }, 'previous_response_id');
  await refuses({ tools: [{ type: 'web_search' }] }, 'tools[0].type');
  await refuses({ input: [] }, 'input');
  await refuses({ text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema');
});

test('an answer in JSON meets its schema', async () => {
  const text = { format: { type: 'json_schema', name: 'place', strict: true, schema: place } };
  const whole = await client.responses.create({ model, input, max_output_tokens: 80, seed: 4, text });
  assert.deepEqual(Object.keys(JSON.parse(whole.output_text)), ['people', 'city']);
  assert.equal(whole.text.format.name, 'place');
});

test('a stream can be aborted, and the next request is served', async () => {
  const asked = { model, input: lengthy[0].content, max_output_tokens: 400 };
  await leaves(async () => {
    const stream = await client.responses.create({ ...asked, stream: true });
    for await (const event of stream)
      if (event.type === 'response.output_text.delta') {
        stream.controller.abort();
        break;
      }
  });
  await leaves(async () => {
    const stream = client.responses.stream(asked);
    stream.once('response.output_text.delta', () => stream.abort());
    await assert.rejects(stream.done(), OpenAI.APIUserAbortError);
  });
  assert((await client.responses.create({ model, input, max_output_tokens: 8 })).output_text.length > 0);
});
