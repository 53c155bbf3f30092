// A real model under a template that is built in. Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_TOKEN, TIGHTWAD_MODEL.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const { TIGHTWAD_URL: url, TIGHTWAD_MODEL: model } = process.env;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };
const { conversation, rendered } = JSON.parse(readFileSync(new URL('../golden/chat_templates.json', import.meta.url)));
const { prompt } = rendered['mistral-v1'];

async function ask(path, body) {
  const response = await fetch(url + path, { headers, ...(body && { method: 'POST', body: JSON.stringify({ model, ...body }) }) });
  return { status: response.status, body: await response.json() };
}
const settings = { seed: 5, max_tokens: 24 };

const chat = (await ask('/v1/chat/completions', { messages: conversation, ...settings })).body;
const plain = (await ask('/v1/completions', { prompt, ...settings, stop: '</s>' })).body;
assert.equal(chat.choices[0].message.content, plain.choices[0].text);
assert.equal(chat.usage.prompt_tokens, plain.usage.prompt_tokens);
assert.equal((await ask('/props')).body.chat_template, 'mistral-v1');
console.log('ok a chat is the completion of what the template makes of it');

const count = async (content) =>
  (await ask('/v1/messages/count_tokens', { messages: [{ role: 'user', content }] })).body.input_tokens;
assert(await count('x</s></s></s></s>') - await count('x') > 4 * 2);
console.log('ok control tokens in a message are text');

const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
const refused = await ask('/v1/chat/completions', { messages: conversation, tools });
assert.equal(refused.status, 400);
assert.equal(refused.body.error.param, 'tools');
const spoken = await ask('/v1/chat/completions', { messages: [{ role: 'tool', tool_call_id: 'a', content: 'x' }] });
assert.match(spoken.body.error.message, /knows the roles system, user and assistant, not tool/);
console.log('ok tools are refused');
