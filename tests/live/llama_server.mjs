// Tightwad before a real llama-server gives that server's own answers, whole and streamed, and stops it when the
// client goes. Environment: before_server.mjs.
import assert from 'node:assert/strict';
import { events } from './events.mjs';
import { ask, far, headers, isTheServersOwn, leavesInMidAnswer, near, status } from './before_server.mjs';

const chat = { messages: [{ role: 'user', content: 'Tell me a story about a little dog.' }], temperature: 0, seed: 1, max_tokens: 40 };
const completion = { prompt: 'Once upon a time there was a little', temperature: 0, seed: 1, max_tokens: 40 };

for (const [path, body] of [['/v1/chat/completions', chat], ['/v1/completions', completion]]) {
  const direct = await (await ask(far, path, body)).json();
  console.log(`ok ${path}: the server's own text, ${await isTheServersOwn(direct, path, body)}`);
}

// What a chat's form and tools make of this model (which knows neither) is the server's affair: it says the same through us.
const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 99 }, a: { type: 'boolean' } },
  required: ['n', 'a'], additionalProperties: false };
const formed = await (await ask(near, '/v1/completions', { ...completion, max_tokens: 300, json_schema: schema })).json();
assert.deepEqual(Object.keys(JSON.parse(formed.choices[0].text)), ['n', 'a'], formed.choices[0].text);
for (const [path, body] of [['/v1/chat/completions', { ...chat, logprobs: true, top_logprobs: 2 }], ['/v1/completions', { ...completion, logprobs: 2 }]]) {
  const likely = await (await ask(near, path, body)).json();
  const { content, tokens, token_logprobs: logprobs } = likely.choices[0].logprobs;
  assert.equal((content ?? tokens).length, likely.usage.completion_tokens, JSON.stringify(likely.choices[0].logprobs).slice(0, 300));
  assert.ok((logprobs ?? content.map((one) => one.logprob)).every((one) => one <= 0 && one > -20));
}
const tools = [{ type: 'function', function: { name: 'look', parameters: schema } }];
for (const more of [{ tools, tool_choice: 'required' }, { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }]) {
  const said = async (base) => {
    const answer = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ model: 'stories', ...chat, ...more }) });
    const reply = await answer.json();
    return { status: answer.status, message: reply.choices?.[0].message.content ?? reply.error.message };
  };
  const [direct, through] = [await said(far), await said(near)];
  assert.equal(through.status, direct.status);
  assert.ok(through.message.includes(direct.message), `${direct.message}\n${through.message}`);
}
for (const more of [{}, { system: 'Be brief.' }]) {
  const body = { model: 'stories', max_tokens: 1, messages: [{ role: 'user', content: 'Tell me a story about a little dog. 😀' }], ...more };
  const said = await (await ask(near, '/v1/messages', body)).json();
  const counted = await (await ask(near, '/v1/messages/count_tokens', body)).json();
  assert.equal(counted.input_tokens, said.usage.input_tokens + (said.usage.cache_read_input_tokens ?? 0), JSON.stringify(counted));
  assert.ok(counted.input_tokens > 10);
}
const repeated = { ...chat, messages: [{ role: 'user', content: 'Tell me twice. '.repeat(20) }], cache_prompt: true, id_slot: 0 };
await ask(near, '/v1/chat/completions', repeated);
const { usage: again } = await (await ask(near, '/v1/chat/completions', repeated)).json();
assert.ok(again.prompt_tokens_details.cached_tokens > 20, JSON.stringify(again));
assert.equal(again.completion_tokens_details, undefined);
console.log('ok what it had in its cache is said');
console.log('ok a chat is counted as its answer counts it');
console.log('ok log probabilities, forms and tools reach the server, and what it says of them comes back');

for (const [path, body] of [['/v1/chat/completions', chat], ['/v1/completions', completion]]) {
  const [direct, through] = await Promise.all([far, near].map(async (base) => (await ask(base, path, body)).json()));
  for (const member of Object.keys(direct)) assert.ok(member in through, `${path}: ${member} is lost`);
  assert.equal(through.system_fingerprint, direct.system_fingerprint);
  assert.equal(through.timings.predicted_n, through.usage.completion_tokens);
  const last = [];
  for await (const data of events((await ask(near, path, { ...body, stream: true, stream_options: { include_usage: true } })).body)) last.push(data);
  assert.equal(JSON.parse(last.at(-2)).timings.predicted_n, through.usage.completion_tokens); // before [DONE]
}
console.log('ok what only llama-server says comes down, whole and streamed');

await leavesInMidAnswer({ ...completion, logit_bias: { 1: -100, 2: -100 } });
const [pipeline] = (await status()).pipelines;
assert.equal(pipeline.slots.active, 0);
assert.equal(pipeline.slots.total, 2);
assert.equal(pipeline.target.about.context, 256); // of each of its two slots
assert.equal(pipeline.speculation.active, false);
assert.match(pipeline.speculation.why_not, /tightwad peer/);
console.log('ok a client that goes away frees the server; the status says why nothing is speculated');

const refused = await fetch(`${near}/v1/completions`, { method: 'POST', headers,
  body: JSON.stringify({ model: 'stories', prompt: 'word '.repeat(3000), max_tokens: 5 }) });
assert.equal(refused.status, 400);
assert.equal((await refused.json()).error.code, 'context_length_exceeded');
console.log('ok a prompt that is too long is told so');

// This model has no tokens for a gap, and its server says so.
const gap = await fetch(`${near}/v1/completions`, { method: 'POST', headers,
  body: JSON.stringify({ model: 'stories', prompt: 'Once', suffix: 'the end.', max_tokens: 5 }) });
assert.match((await gap.json()).error.message, /Infill is not supported by this model/);
console.log('ok what stands behind a gap reaches /infill');

// What Tightwad does not know: the same request to both, and the same bytes back.
const raw = async (base, path, body, type = 'application/json') => {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers: { ...headers, 'content-type': type }, body });
  return { status: answer.status, type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
};
const form = Buffer.concat([Buffer.from('--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nstories\r\n' +
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'), Buffer.from([0, 255, 13, 10, 254]), Buffer.from('\r\n--b--\r\n')]);
const odd = ` { "model" :"stories",\n "messages":[{"role":"user","content":"Gr\\u00fc\\u00dfe, ${'dog '.repeat(50)}"}] , "x":[1.0e1] }\n`;
for (const [path, body, type] of [['/v1/chat/completions/input_tokens', odd], ['/v1/responses/input_tokens', '{"model":"stories","input":"Hi"}'],
  ['/infill', '{"model":"stories","input_prefix":"a","input_suffix":"b"}'], ['/v1/audio/transcriptions', form, 'multipart/form-data; boundary=b'],
  ['/v1/reranking', '{"model":"stories","query":"a","documents":["b"]}'], ['/v1/no/such/path', odd]]) {
  const [direct, through] = [await raw(far, path, body, type), await raw(near, path, body, type)];
  assert.deepEqual(through, direct, path);
  assert.ok(direct.bytes.length > 0, path);
  if (path === '/v1/chat/completions/input_tokens') assert.equal(direct.status, 200, direct.bytes.toString());
}
console.log('ok what is passed on comes back byte for byte');
