// curl, as people try an endpoint by hand.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { leaves, lengthy, messages, model, of, place, token, url, weather } from './cases.mjs';

const run = promisify(execFile);
const test = of('curl');
const headers = (key) => ['-H', 'Content-Type: application/json', ...(key ? ['-H', `Authorization: Bearer ${key}`] : [])];
const words = (body, key = token) =>
  ['-sS', '--max-time', '120', ...headers(key), `${url}/v1/chat/completions`, '-d', JSON.stringify({ model, messages, max_tokens: 12, seed: 1, ...body })];
const curl = async (...args) => (await run('curl', args)).stdout;
const ask = async (body) => JSON.parse(await curl(...words(body))).choices[0];
// The events of a stream, which must end as it should.
const events = (text) => {
  const all = text.split('\n\n').filter(Boolean).map((one) => one.replace(/^data: /, ''));
  assert.equal(all.pop(), '[DONE]');
  return all.map((one) => JSON.parse(one).choices[0]);
};

test('chat, whole and streamed', async () => {
  const whole = await ask();
  assert(whole.message.content.length > 0);
  const stream = events(await curl('-N', ...words({ stream: true })));
  assert.equal(stream.map((one) => one.delta.content ?? '').join(''), whole.message.content);
});

test('a tool is called, whole and streamed', async () => {
  const { name, description, schema: parameters } = weather;
  const body = { max_tokens: 120, tools: [{ type: 'function', function: { name, description, parameters } }], tool_choice: 'required' };
  const [call] = (await ask(body)).message.tool_calls;
  assert.equal(call.function.name, name);
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const stream = events(await curl('-N', ...words({ ...body, stream: true })));
  const pieces = stream.flatMap((one) => one.delta.tool_calls ?? []);
  assert.equal(pieces.map((one) => one.function.arguments).join(''), call.function.arguments);
});

test('an answer in JSON meets its schema', async () => {
  const body = { max_tokens: 80, seed: 12, response_format: { type: 'json_schema', json_schema: { name: 'place', schema: place } } };
  assert.deepEqual(Object.keys(JSON.parse((await ask(body)).message.content)), ['people', 'city']);
});

test('errors have the status, and a body that says why', async () => {
  const fails = async (args, status, sentence) => {
    const out = await curl('-w', '\n%{http_code}', ...args);
    assert.equal(out.slice(-3), status);
    assert.match(JSON.parse(out.slice(0, -4)).error.message, sentence);
  };
  await fails(words({ model: 'no-such-model' }), '404', /There is no model 'no-such-model'/);
  await fails(words({ temperature: 9 }), '400', /'temperature'/);
  await fails([...words(), '-d', '{'], '400', /JSON/);
  if (token) await fails(words({}, 'wrong'), '401', /token/);
  await assert.rejects(curl('--fail', ...words({ temperature: 9 })), { code: 22 });
});

test('a stream can be aborted, and the next request is served', async () => {
  await leaves(async () => {
    const child = spawn('curl', ['-N', ...words({ messages: lengthy, max_tokens: 400, stream: true })], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  assert((await ask()).message.content.length > 0);
});
