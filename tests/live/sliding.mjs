// Answers past the window of a model whose window slides: drafted for, rolled back and taken up again, the bytes stay.
// Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN.
import assert from 'node:assert/strict';

const url = process.env.TIGHTWAD_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };

async function ask(prompt, more = {}) {
  const body = { model: 'olmo', prompt, max_tokens: 100, seed: 7, temperature: 1, logit_bias: { 2: -100 }, ...more };
  const reply = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await reply.json();
  assert.equal(reply.status, 200, JSON.stringify(answer));
  return { text: answer.choices[0].text, usage: answer.usage, did: answer.tightwad };
}
const alone = (prompt) => ask(prompt, { tightwad: { speculation: false } });

const status = await (await fetch(`${url}/v1/tightwad/status`, { headers })).json();
const [pipeline] = status.pipelines;
assert.equal(pipeline.speculation.why_not, null);
assert.equal(pipeline.speculation.active, true);

const letters = (n, step) => [1, ...Array.from({ length: n }, (_, i) => 260 + ((i * i * step + i) % 26))];
const half = letters(200, 3), whole = [...half, ...letters(200, 5)];
const cold = await alone(half);
const first = await alone(whole);
assert.ok(first.usage.prompt_tokens_details.cached_tokens >= half.length, 'what was answered stays in the cache');
const again = await alone(half); // cut back by more than the window
assert.equal(again.text, cold.text);
assert.ok(again.usage.prompt_tokens_details.cached_tokens > half.length / 2);

let drafted = 0, accepted = 0;
for (const [prompt, expected] of [[whole, first.text], [half, cold.text], [whole, first.text]]) {
  const answer = await ask(prompt);
  assert.equal(answer.text, expected);
  drafted += answer.did.drafted;
  accepted += answer.did.accepted;
}
assert.ok(accepted > 0 && accepted < drafted, `${accepted} of ${drafted} drafted tokens stood`);
console.log(`ok exactness ${pipeline.target.exactness}, ${accepted} of ${drafted} drafted tokens stood`);
