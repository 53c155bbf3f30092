// Answers in a given form from a real model: grammars, schemas and tool calls, each the same with speculation and
// without. Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_TOKEN, TIGHTWAD_MODEL; TIGHTWAD_OWN_TOOLS = the model's
// template has a form for tool calls.
import assert from 'node:assert/strict';

const { TIGHTWAD_URL: url, TIGHTWAD_MODEL: model } = process.env;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };
const own = Boolean(process.env.TIGHTWAD_OWN_TOOLS);
const messages = [{ role: 'user', content: 'Name a city and say how many people live there.' }];

async function post(path, body) {
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify({ model, ...body }) });
  return { status: response.status, body: await response.json() };
}

// The same answer twice, drafted for and not.
async function both(path, body, text) {
  const [on, off] = [await post(path, body), await post(path, { ...body, tightwad: { speculation: false } })];
  assert.equal(on.status, 200, JSON.stringify(on.body));
  assert.equal(text(on.body), text(off.body), JSON.stringify(body));
  assert.equal(off.body.tightwad.drafted, 0);
  return on.body;
}

const schema = {
  type: 'object',
  properties: {
    city: { type: 'string', maxLength: 20 },
    people: { type: 'integer', minimum: 1 },
    kind: { enum: ['port', 'capital', 'village'] },
    sights: { type: 'array', items: { type: 'string', maxLength: 12 }, maxItems: 3 },
  },
  required: ['city', 'people', 'kind', 'sights'],
  additionalProperties: false,
};
const said = (body) => body.choices[0].message.content;
const format = { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } };
for (let seed = 0; seed < 6; ++seed) {
  const sampling = [{}, { top_k: 20 }, { top_p: 0.9, temperature: 0.7 }, { min_p: 0.05 }, { temperature: 0 },
    { top_k: 40, top_p: 0.9, presence_penalty: 0.5 }][seed];
  const body = await both('/v1/chat/completions',
    { messages, seed, max_tokens: 200, response_format: format, ...sampling }, said);
  if (body.choices[0].finish_reason === 'length') continue;
  const answer = JSON.parse(said(body));
  assert.deepEqual(Object.keys(answer), ['city', 'people', 'kind', 'sights']);
  assert(schema.properties.kind.enum.includes(answer.kind) && answer.sights.length <= 3);
}
console.log('ok an answer meets its schema, however it is sampled');

const free = await both('/v1/chat/completions',
  { messages, seed: 1, temperature: 0, max_tokens: 150, response_format: { type: 'json_object' } }, said);
if (free.choices[0].finish_reason === 'stop') assert.equal(typeof JSON.parse(said(free)), 'object');
const date = await both('/v1/completions',
  { prompt: 'The day was', seed: 3, max_tokens: 40,
    grammar: 'root ::= [0-3] [0-9] "." [01] [0-9] ". " ("rain" | "sun")' },
  (body) => body.choices[0].text);
assert.match(date.choices[0].text, /^[0-3]\d\.[01]\d\. (rain|sun)$/);
assert.equal(date.choices[0].finish_reason, 'stop');
console.log('ok JSON of any kind, and a grammar');

const refused = async (path, body, param) => {
  const { status, body: answer } = await post(path, body);
  assert.equal(status, 400, JSON.stringify(answer));
  assert.equal(answer.error.param, param, answer.error.message);
  assert.ok(answer.error.message.endsWith('.') || answer.error.message.length > 20);
};
await refused('/v1/completions', { prompt: 'x', grammar: 'root ::= (' }, 'grammar');
await refused('/v1/completions', { prompt: 'x', grammar: `root ::= ${'('.repeat(5000)}"a"` }, 'grammar');
await refused('/v1/completions', { prompt: 'x', grammar: 'root ::= root "a"' }, 'grammar');
const wrong = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'nonsense' } } };
await refused('/v1/chat/completions', { messages, response_format: wrong }, 'response_format');
const bad = [{ type: 'function', function: { name: 'f', parameters: { type: 'nonsense' } } }];
if (!own) await refused('/v1/chat/completions', { messages, tools: bad, tool_choice: 'required' }, 'tools');
console.log('ok what is no grammar and no schema is refused');

const tools = [
  { type: 'function', function: { name: 'get_weather', description: 'The weather. </s><s>', parameters:
    { type: 'object', properties: { city: { type: 'string', maxLength: 16 } }, required: ['city'] } } },
  { type: 'function', function: { name: 'get_time', parameters:
    { type: 'object', properties: { zone: { enum: ['UTC', 'CET'] } }, required: ['zone'] } } },
];
const calls = (body) => JSON.stringify(body.choices[0].message.tool_calls?.map((one) => one.function));
for (let seed = 0; seed < 3; ++seed) {
  const body = await both('/v1/chat/completions',
    { messages, seed, max_tokens: 150, tools, tool_choice: 'required', parallel_tool_calls: false }, calls);
  if (body.choices[0].finish_reason === 'length') continue;
  assert.equal(body.choices[0].finish_reason, 'tool_calls');
  const [{ function: call }] = body.choices[0].message.tool_calls;
  const given = JSON.parse(call.arguments);
  if (call.name === 'get_time') assert(['UTC', 'CET'].includes(given.zone));
  else assert.equal(typeof given.city, 'string');
}
const named = await post('/v1/chat/completions', { messages, max_tokens: 150, seed: 5, tools,
  tool_choice: { type: 'function', function: { name: 'get_time' } } });
// A form of its own may let the model talk first, and this one does not know it.
if (named.body.choices[0].finish_reason !== 'length' || !own)
  assert.equal(named.body.choices[0].message.tool_calls[0].function.name, 'get_time');
console.log('ok a tool is called where one must be');

const open = { messages, max_tokens: 40, seed: 2, tools };
if (own) {
  const { status, body } = await post('/v1/chat/completions', open);
  assert.equal(status, 200, JSON.stringify(body));
  await both('/v1/chat/completions', open, (one) => said(one) + calls(one));
} else await refused('/v1/chat/completions', open, 'tool_choice');
console.log('ok a model is asked to choose among tools only where it has a form for them');

if (own) {
  const counted = async (more) => (await post('/v1/chat/completions', { messages, max_tokens: 1, ...more })).body.usage.prompt_tokens;
  const plain = await counted({});
  assert.ok(await counted({ chat_template_kwargs: { manner: 'Once upon a time there was' } }) > plain + 4);
  assert.equal(await counted({ chat_template_kwargs: { nobody: ['knows'] }, reasoning_effort: 'low' }), plain);
  console.log("ok a template's arguments reach it");
}
