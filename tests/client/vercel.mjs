// The npm ai client (Vercel's AI SDK) with its provider for OpenAI-compatible endpoints.
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, jsonSchema, Output, streamText, tool } from 'ai';
import { collect, leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const connect = (apiKey, name = model) =>
  createOpenAICompatible({ name: 'tightwad', baseURL: `${url}/v1`, apiKey, supportsStructuredOutputs: true, includeUsage: true }).chatModel(name);
const test = of('ai');
const request = { model: connect(token || 'any'), messages, maxOutputTokens: 12, seed: 1, maxRetries: 0 };

test('chat, whole and streamed', async () => {
  const whole = await generateText(request);
  assert(whole.text.length > 0);
  assert(['stop', 'length'].includes(whole.finishReason));
  assert(whole.usage.outputTokens > 0 && whole.usage.outputTokens <= 12);
  assert(whole.response.headers['x-request-id'].startsWith('req_'));
  const stream = streamText(request);
  assert.equal((await collect(stream.textStream)).join(''), whole.text);
  assert.equal(await stream.finishReason, whole.finishReason);
  assert.deepEqual((await stream.usage).outputTokens, whole.usage.outputTokens);
});

test('a tool is called, whole and streamed, and its result is read', async () => {
  const tools = { [weather.name]: tool({ description: weather.description, inputSchema: jsonSchema(weather.schema) }) };
  const asked = { ...request, maxOutputTokens: 120, tools, toolChoice: 'required' };
  const whole = await generateText(asked);
  assert.equal(whole.finishReason, 'tool-calls');
  const [call] = whole.toolCalls;
  assert.equal(call.toolName, weather.name);
  assert.equal(typeof call.input.city, 'string');
  const [streamed] = await streamText(asked).toolCalls;
  assert.deepEqual(streamed.input, call.input);
  const output = { type: 'text', value: 'It rains.' };
  const result = { role: 'tool', content: [{ type: 'tool-result', toolCallId: call.toolCallId, toolName: call.toolName, output }] };
  const told = [...messages, ...whole.response.messages, result];
  assert((await generateText({ ...request, messages: told })).text.length > 0);
});

test('an object meets its schema, whole and streamed', async () => {
  const asked = { ...request, maxOutputTokens: 80, seed: 12, output: Output.object({ schema: jsonSchema(place) }) };
  const whole = await generateText(asked);
  assert.deepEqual(Object.keys(whole.output), ['people', 'city']);
  const stream = streamText(asked);
  const parts = await collect(stream.partialOutputStream);
  assert.deepEqual(parts.at(-1), whole.output);
});

test('errors are APICallError with status and sentence', async () => {
  const fails = (asked, status, words) => assert.rejects(asked, (error) => {
    assert(APICallError.isInstance(error), error.stack);
    assert.equal(error.statusCode, status);
    assert.match(error.message, words);
    return true;
  });
  await fails(generateText({ ...request, model: connect(token || 'any', 'no-such-model') }), 404, /There is no model 'no-such-model'/);
  await fails(generateText({ ...request, temperature: 9 }), 400, /'temperature'/);
  if (token) await fails(generateText({ ...request, model: connect('wrong') }), 401, /token/);
  let told;
  await collect(streamText({ ...request, temperature: 9, onError: ({ error }) => (told = error) }).textStream);
  assert.equal(told.statusCode, 400);
});

test('a stream can be aborted, and the next request is served', async () => {
  const gone = new AbortController();
  await leaves(async () => {
    const stream = streamText({ ...request, messages: lengthy, maxOutputTokens: 400, abortSignal: gone.signal, onError: () => {} });
    for await (const piece of stream.textStream) if (piece) gone.abort();
  });
  const waiting = generateText({ ...request, messages: lengthy, maxOutputTokens: 400, abortSignal: AbortSignal.abort() });
  await assert.rejects(waiting, { name: 'AbortError' });
  assert((await generateText(request)).text.length > 0);
});
