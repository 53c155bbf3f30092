// What an endpoint finds when it is asked about tokens: the same for a model in its process, at a peer and over a pool.
import assert from 'node:assert/strict';

const texts = ['Once upon a time there was a little dog.', 'ü 😀 語\n', '</s> is a text', 'Tim and Mia like to play. '.repeat(20), ''];
const user = (content) => [{ role: 'user', content }];
const input_schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 99 } }, required: ['n'], additionalProperties: false };
const chats = [
  { messages: user('Tell me a story about a little dog. 😀'), max_tokens: 1 },
  { system: 'Be brief.', messages: [...user('</s>'), { role: 'assistant', content: 'Yes.' }, ...user('Why?')], max_tokens: 1 },
  { tools: [{ name: 'f', input_schema }], tool_choice: { type: 'any' }, messages: user('x'), max_tokens: 60 },
];

async function ask(base, path, body) {
  const answer = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(120_000),
    ...(body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  return { status: answer.status, body: await answer.json() };
}

/// Tokens and texts, counts of chats, what the model is. A chat is counted as its answer counts it.
export async function findings(base, model) {
  const found = async (path, body) => {
    const got = await ask(base, path, body && { model, ...body });
    assert.equal(got.status, 200, `${path}: ${JSON.stringify(got.body)}`);
    return got.body;
  };
  const out = { tokens: [], texts: [], counts: [] };
  for (const content of texts) {
    const { tokens } = await found('/tokenize', { content, add_special: true, with_pieces: true });
    out.tokens.push(tokens);
    out.texts.push((await found('/detokenize', { tokens: tokens.map((one) => one.id) })).content);
  }
  for (const chat of chats) {
    const { input_tokens: counted } = await found('/v1/messages/count_tokens', chat);
    const { usage } = await found('/v1/messages', { ...chat, temperature: 0 });
    assert.equal(counted, usage.input_tokens + (usage.cache_read_input_tokens ?? 0), JSON.stringify(chat));
    out.counts.push(counted);
  }
  out.props = await found(`/props?model=${model}`);
  const shown = await found('/api/show', {});
  out.shown = [shown.capabilities, shown.model_info];
  assert.ok(out.props.chat_template.length > 20 && out.counts.every((count) => count > 5), JSON.stringify(out));
  return out;
}

/// Of a model that is not in the endpoint's own process.
export async function makesNoEmbeddings(base, model) {
  const { status, body } = await ask(base, '/v1/embeddings', { model, input: 'a' });
  assert.equal(status, 400);
  assert.match(body.error.message, /^Embeddings are not served here: .* is on another machine\.$/);
}

/// The sentence with which it is told that nobody can be asked now.
export async function unanswered(base, model) {
  const { status, body } = await ask(base, '/v1/messages/count_tokens', { model, ...chats[0] });
  assert.equal(status, 503, JSON.stringify(body));
  return body.error.message;
}
