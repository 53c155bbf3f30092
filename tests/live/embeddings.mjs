// The same vectors and tokens from a model in Tightwad's process and from a llama-server, straight and through Tightwad.
// Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN, LLAMA_URL, and TIGHTWAD_KNOWS_DOGS where the model was trained.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const near = process.env.TIGHTWAD_URL, far = process.env.LLAMA_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function post(base, path, body) {
  const answer = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}
async function embed(base, body) {
  const { status, body: reply } = await post(base, '/v1/embeddings', body);
  assert.equal(status, 200, JSON.stringify(reply));
  reply.data.forEach((one, i) => assert.equal(one.index, i));
  return { vectors: reply.data.map((one) => one.embedding), usage: reply.usage };
}
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

const texts = ['Once upon a time there was a little dog.', 'The dog was small.', 'x', 'ü'.repeat(60), '</s> is a text',
               'Tim and Mia like to play in the big park. '.repeat(4)];
const direct = await embed(far, { input: texts });
// Of a causal model llama-server's vectors depend on what else is in the batch; ours do not, so each is asked for alone.
const single = [];
for (const input of texts) single.push((await embed(far, { input })).vectors[0]);
const here = await embed(near, { model: 'near', input: texts });
const through = await embed(near, { model: 'far', input: texts });
assert.equal(here.vectors.length, texts.length);
assert.deepEqual(through.usage, direct.usage);
assert.deepEqual(here.usage, direct.usage);
let worst = 1;
texts.forEach((_, i) => {
  assert.equal(here.vectors[i].length, direct.vectors[i].length);
  assert.ok(Math.abs(dot(here.vectors[i], here.vectors[i]) - 1) < 1e-5);
  worst = Math.min(worst, dot(here.vectors[i], single[i]));
  assert.ok(dot(through.vectors[i], direct.vectors[i]) > 0.9999, `passed on, text ${i}`);
});
assert.ok(worst > 0.999, `cosine ${worst}`);
const [a, b, c] = here.vectors;
if (process.env.TIGHTWAD_KNOWS_DOGS)
  assert.ok(dot(a, b) > dot(a, c), 'a text about a dog is nearer to a dog than to a letter');
console.log(`ok ${texts.length} vectors of ${a.length} numbers: cosine to the llama-server's at least ${worst.toFixed(6)}`);

const alone = await embed(near, { model: 'near', input: texts[1] });
assert.ok(dot(alone.vectors[0], here.vectors[1]) > 0.999, 'beside other texts and alone');
const packed = await embed(near, { model: 'near', input: texts[1], encoding_format: 'base64' });
assert.deepEqual([...new Float32Array(new Uint8Array(Buffer.from(packed.vectors[0], 'base64')).buffer)], alone.vectors[0].map(Math.fround));
const ollama = await post(near, '/api/embed', { model: 'near', input: texts[1] });
assert.deepEqual(ollama.body.embeddings[0], alone.vectors[0]);

const npm = createRequire(new URL('../client/package.json', import.meta.url));
const openai = new (npm('openai').OpenAI)({ baseURL: `${near}/v1`, apiKey: process.env.TIGHTWAD_TOKEN });
const asked = await openai.embeddings.create({ model: 'near', input: texts.slice(0, 2) }); // asks for base64 by itself
const two = await embed(near, { model: 'near', input: texts.slice(0, 2) });
asked.data.forEach((one, i) => assert.deepEqual(one.embedding, two.vectors[i].map(Math.fround)));
await assert.rejects(openai.embeddings.create({ model: 'near', input: 'a', dimensions: 16 }), { status: 400, param: 'dimensions' });
const { Ollama } = npm('ollama');
const embedded = await new Ollama({ host: near, headers }).embed({ model: 'near', input: texts[1] });
assert.deepEqual(embedded.embeddings[0], alone.vectors[0]);
console.log('ok the npm packages openai and ollama');

for (const text of texts) {
  const body = { content: text, add_special: true, with_pieces: true };
  const theirs = await post(far, '/tokenize', body);
  for (const model of ['near', 'far'])
    assert.deepEqual((await post(near, '/tokenize', { model, ...body })).body, theirs.body);
  const ids = theirs.body.tokens.map((one) => one.id);
  const back = await post(far, '/detokenize', { tokens: ids });
  for (const model of ['near', 'far'])
    assert.deepEqual((await post(near, '/detokenize', { model, tokens: ids })).body, back.body);
  const by_ids = await embed(near, { model: 'near', input: ids });
  assert.ok(dot(by_ids.vectors[0], here.vectors[texts.indexOf(text)]) > 0.999, 'by text and by token ids');
}
console.log('ok tokens, their texts, and embeddings by token ids');

const props = async (base, model) => (await fetch(`${base}/props?model=${model}`, { headers })).json();
assert.deepEqual(await props(near, 'far'), await props(far, 'far'));
assert.ok((await props(near, 'near')).default_generation_settings.n_ctx > 100);
assert.deepEqual((await post(near, '/api/show', { model: 'near' })).body.capabilities, ['embedding']);

const refused = async (body, param, code) => {
  const { status, body: reply } = await post(near, '/v1/embeddings', body);
  assert.equal(status, 400, JSON.stringify(reply));
  assert.equal(reply.error.param, param, JSON.stringify(reply));
  assert.equal(reply.error.code, code, JSON.stringify(reply));
};
await refused({ model: 'near', input: ['a', 'once '.repeat(3000)] }, 'input[1]', 'context_length_exceeded');
await refused({ model: 'near', input: 'a', dimensions: 16 }, 'dimensions', 'unsupported_parameter');
await refused({ model: 'far', input: 'a', dimensions: 16 }, 'dimensions', 'unsupported_parameter');
const chat = await post(near, '/v1/chat/completions', { model: 'near', messages: [{ role: 'user', content: 'Hi' }] });
assert.equal(chat.status, 400);
assert.match(chat.body.error.message, /makes embeddings/);
const ranked = await post(near, '/v1/rerank', { model: 'near', query: 'a', documents: ['b'] });
assert.equal(ranked.status, 400);
assert.equal(ranked.body.error.message, 'Rankings are not served here: the model makes embeddings.');
assert.equal((await post(near, '/v1/rerank', { model: 'far', query: 'a', documents: ['b'] })).body.error.code, 'unsupported_parameter');
const many = await Promise.all(Array.from({ length: 30 }, (_, i) => embed(near, { model: 'near', input: texts[i % 3] })));
many.forEach((one, i) => assert.ok(dot(one.vectors[0], here.vectors[i % 3]) > 0.999));
console.log('ok refusals, and thirty requests at once');
