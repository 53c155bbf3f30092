// Models that come and go: loaded by the first request, unloaded for another model and after their idle time.
// Environment: TIGHTWAD_URL, TIGHTWAD_TOKEN.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const url = process.env.TIGHTWAD_URL;
const headers = { authorization: `Bearer ${process.env.TIGHTWAD_TOKEN}`, 'content-type': 'application/json' };
const get = async (path) => (await fetch(url + path, { headers })).json();
const states = async () => Object.fromEntries((await get('/v1/tightwad/status')).pipelines.map((one) => [one.name, one.load.state]));
async function ask(model) {
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST', headers, body: JSON.stringify({ model, prompt: 'Once upon a time', temperature: 0, seed: 1, max_tokens: 12 }),
  });
  return { status: answer.status, body: await answer.json() };
}

assert.deepEqual(await states(), { one: 'unloaded', two: 'unloaded', large: 'unloaded' });
assert.equal((await get('/v1/models')).data.length, 3);
assert.equal((await get('/api/ps')).models.length, 0);
const both = await Promise.all([ask('one'), ask('one')]);
for (const { status, body } of both) assert.equal(status, 200, JSON.stringify(body));
assert.equal(both[0].body.choices[0].text, both[1].body.choices[0].text);
assert.deepEqual((await get('/api/ps')).models.map((one) => one.name), ['one']);
console.log('ok two requests, one load');

const other = await ask('two');
assert.equal(other.status, 200, JSON.stringify(other.body));
assert.deepEqual(await states(), { one: 'unloaded', two: 'loaded', large: 'unloaded' });
const again = await ask('one');
assert.equal(again.body.choices[0].text, both[0].body.choices[0].text);
assert.equal((await states()).two, 'unloaded');
console.log('ok one makes room for the other, and says the same when it is back');

const large = await ask('large');
assert.equal(large.status, 503);
assert.match(large.body.error.message, /takes about .* and all models together may take/);
console.log(`ok refused: ${large.body.error.message}`);

for (let i = 0; i < 100 && (await states()).one === 'loaded'; ++i) await pause(100);
assert.equal((await states()).one, 'unloaded');
console.log('ok unloaded when idle');
