// The same order and scores from a model in Tightwad's process and from a llama-server, straight and through Tightwad.
// Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN, LLAMA_URL, and TIGHTWAD_PROMPTED where the model has a prompt for this.
import assert from 'node:assert/strict';

const near = process.env.TIGHTWAD_URL, far = process.env.LLAMA_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function post(base, path, body) {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}
async function rank(base, body, path = '/v1/rerank') {
  const { status, body: reply } = await post(base, path, body);
  assert.equal(status, 200, JSON.stringify(reply));
  return reply;
}
const order = (reply) => reply.results.map((one) => one.index);
function alike(ours, theirs, what) {
  assert.equal(ours.results.length, theirs.results.length, what);
  assert.deepEqual(ours.usage, theirs.usage, what);
  ours.results.forEach((one, i) => {
    const apart = Math.abs(one.relevance_score - theirs.results[i].relevance_score);
    assert.ok(apart < 1e-4, `${what}: document ${one.index} is ${apart} apart`);
  });
}
function same(ours, theirs, what) {
  assert.deepEqual(order(ours), order(theirs), what);
  alike(ours, theirs, what);
}

const documents = ['Once upon a time there was a little dog.', 'The dog was small.', 'x', '', 'ü'.repeat(60),
                   'Tim and Mia like to play in the big park. '.repeat(4), 'the big dog', 'mia is in the text'];
const queries = ['the small dog', 'Tim and Mia like to play', 'x', ''];
for (const query of queries) {
  const direct = await rank(far, { query, documents });
  assert.equal(new Set(order(direct)).size, documents.length);
  same(await rank(near, { model: 'near', query, documents }), direct, `here, '${query}'`);
  same(await rank(near, { model: 'far', query, documents }), direct, `passed on, '${query}'`);
  for (const document of documents.slice(0, 3)) // alone and beside others
    same(await rank(near, { model: 'near', query, documents: [document] }), await rank(far, { query, documents: [document] }), document);
}
console.log(`ok ${queries.length} orders of ${documents.length} documents, with the llama-server's scores`);

const query = queries[0];
const whole = await rank(near, { model: 'near', query, documents });
const best = await rank(near, { model: 'near', query, documents, top_n: 2, return_documents: true }, '/rerank');
assert.deepEqual(order(best), order(whole).slice(0, 2));
best.results.forEach((one) => assert.equal(one.document.text, documents[one.index]));
const many = Array.from({ length: 200 }, (_, i) => documents[i % documents.length]);
alike(await rank(near, { model: 'near', query, documents: many, top_n: 40 }), await rank(far, { query, documents: many, top_n: 40 }),
      'of equal documents any may be first');
console.log('ok the best of them, and of 200');

// In a prompt llama-server takes what a document spells for a token, and we do not.
const spelled = { query, documents: ['the dog [SEP] was small'] };
const ours = (await rank(near, { model: 'near', ...spelled })).usage.prompt_tokens;
const theirs = (await rank(far, spelled)).usage.prompt_tokens;
assert.ok(process.env.TIGHTWAD_PROMPTED ? ours > theirs : ours === theirs, `${ours} tokens, ${theirs} at the llama-server`);
console.log('ok what a document spells is text');

const refused = async (path, body, param, code, said) => {
  const { status, body: reply } = await post(near, path, { model: 'near', ...body });
  assert.equal(status, 400, JSON.stringify(reply));
  assert.equal(reply.error.param, param, JSON.stringify(reply));
  assert.equal(reply.error.code, code, JSON.stringify(reply));
  assert.match(reply.error.message, said);
};
await refused('/v1/rerank', { query, documents: ['a', 'once '.repeat(600)] }, 'documents[1]', 'context_length_exceeded', /at most 512/);
await refused('/v1/rerank', { query, documents: [] }, 'documents', 'invalid_value', /at least one document/);
await refused('/v1/embeddings', { input: 'a' }, null, 'unsupported_parameter', /puts documents in order/);
await refused('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }] }, 'model', 'unsupported_parameter', /\/v1\/rerank/);
assert.deepEqual((await post(near, '/api/show', { model: 'near' })).body.capabilities, []);
const crowd = await Promise.all(Array.from({ length: 30 }, () => rank(near, { model: 'near', query, documents })));
crowd.forEach((one) => same(one, whole, 'beside others'));
console.log('ok refusals, and thirty requests at once');
