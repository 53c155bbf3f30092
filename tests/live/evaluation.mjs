// What lm-evaluation-harness asks of /v1/completions for a log likelihood, and what it reads of the answer: the model's
// `local-completions`, by token ids. Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_TOKEN, TIGHTWAD_MODEL.
import assert from 'node:assert/strict';

const { TIGHTWAD_URL: url, TIGHTWAD_MODEL: model } = process.env;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function post(path, body) {
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify({ model, ...body }) });
  assert.equal(response.status, 200, path);
  return response.json();
}
const ids = async (content) => (await post('/tokenize', { content, add_special: true })).tokens;

// One request for several texts; [sum of the continuation's log probabilities, whether each was the likeliest], as it reads them.
async function scored(pairs, more = {}) {
  const answer = await post('/v1/completions', { prompt: pairs.map(([context, rest]) => [...context, ...rest]),
    temperature: 0, max_tokens: 1, logprobs: 1, seed: 1234, echo: true, ...more });
  return answer.choices.sort((a, b) => a.index - b.index).map(({ logprobs }, i) => {
    const [context, rest] = pairs[i];
    assert.equal(logprobs.token_logprobs.length, context.length + rest.length + 1, 'one entry for each token, the generated one included');
    const judged = logprobs.token_logprobs.slice(context.length, -1);
    const greedy = logprobs.tokens.slice(context.length, -1).every((token, j) => {
      const top = logprobs.top_logprobs.slice(context.length, -1)[j];
      return token === Object.keys(top).reduce((a, b) => (top[a] >= top[b] ? a : b));
    });
    return [judged.reduce((a, b) => a + b, 0), greedy];
  });
}

const context = await ids('The capital of France is');
const said = await post('/v1/completions', { prompt: context, temperature: 0, max_tokens: 6, logprobs: 1 });
assert.equal(said.choices[0].logprobs.token_logprobs.length, 6);
const likeliest = (await ids('The capital of France is' + said.choices[0].text)).slice(context.length);
const other = (await ids('The capital of France is purple bananas')).slice(context.length);
const pairs = [[context, likeliest], [context, other], [context, [2]]];

const free = await scored(pairs);
const sum = said.choices[0].logprobs.token_logprobs.reduce((a, b) => a + b, 0);
assert.ok(Math.abs(free[0][0] - sum) < 1e-3, `what was generated scores as it was generated: ${free[0][0]} and ${sum}`);
assert.equal(free[0][1], true);
assert.ok(free[1][0] < free[0][0]);
assert.equal(free[1][1], false);
assert.ok(free[2][0] < 0);
console.log('ok continuations are scored, likelier ones higher');

// Where the one token that is generated ends the text, none of the continuation's may be missing.
const ending = await scored(pairs, { logit_bias: { 2: 100 } });
assert.deepEqual(ending, free);
console.log('ok the same scores where the generated token ends the text');

const rolling = await scored([[context.slice(0, 1), context.slice(1)]]);
assert.ok(rolling[0][0] < 0);
console.log('ok the likelihood of a whole text');
