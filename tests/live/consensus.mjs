// Answers in which drafters that agree are believed: marked as approximate everywhere, and exact for who asks for that.
// Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_TOKEN, TIGHTWAD_MODEL.
import assert from 'node:assert/strict';

const { TIGHTWAD_URL: url, TIGHTWAD_TOKEN: token, TIGHTWAD_MODEL: model } = process.env;
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

async function ask(more) {
  const body = { model, prompt: 'Once upon a time, there was a', max_tokens: 64, temperature: 0, ...more };
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}
const page = async (path) => (await fetch(url + path, { headers })).text();

const alone = await ask({ tightwad: { speculation: false } });
assert.equal(alone.tightwad.approximate, undefined);

// Drafters are listened to before they draft, so the first answers may be the target's own.
let said;
let answers = 0;
for (; answers < 24 && !(said?.tightwad.consensus.overruled > 0); ++answers) {
  said = await ask({ seed: answers, temperature: answers % 2 ? 0.8 : 0 });
  assert.equal(said.tightwad.approximate, true);
  assert.ok(said.tightwad.consensus.overruled <= said.tightwad.consensus.agreed);
}
assert.ok(said.tightwad.consensus.overruled > 0, JSON.stringify(said));
console.log(`ok in answer ${answers} ${said.tightwad.consensus.agreed} tokens were agreed on, ${said.tightwad.consensus.overruled} of them not the target's`);

assert.equal((await ask({ tightwad: { speculation: false } })).choices[0].text, alone.choices[0].text);
const formed = await ask({ grammar: 'root ::= "a" [a-z ]+' });
assert.equal(formed.tightwad.approximate, undefined);
assert.equal(formed.choices[0].text, (await ask({ grammar: 'root ::= "a" [a-z ]+', tightwad: { speculation: false } })).choices[0].text);
console.log('ok the target alone and answers in a form are exact');

const [pipeline] = JSON.parse(await page('/v1/tightwad/status')).pipelines;
assert.equal(pipeline.speculation.verify, 'approximate');
assert.deepEqual({ ...pipeline.speculation.consensus, agreed: 0, overruled: 0 },
  { mode: 'strict', drafters: 2, quorum: 2, agreed: 0, overruled: 0 });
assert.ok(pipeline.speculation.consensus.overruled > 0);
assert.match(await page('/metrics'), /consensus_overruled_tokens_total\{[^}]*\} [1-9]/);
console.log('ok status and metrics say so');
