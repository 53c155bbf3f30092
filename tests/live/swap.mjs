// `tightwad swap` over two real ggml-rpc-servers behind peers: what cannot be served is refused and changes nothing, the
// next model answers as if the endpoint had been started with it, and one that cannot be loaded is followed by the one
// before it. Usage: node swap.mjs TIGHTWAD RPC_SERVER.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, brokenModel, comesTrue, config, engine, fingerprint, healthy, home, isUp, launch, pipeline, program, rpcOf, rpcPid,
  run, startPeer, test, url, worker } from './pool_machines.mjs';

const ports = {};
for (const name of ['attic', 'cellar', 'rpcA', 'rpcB', 'proxy', 'local']) ports[name] = await freePort();
const now = () => pipeline(ports.proxy);
const up = () => isUp(ports.proxy);
const drafts = () => comesTrue('a drafter', async () => (await now()).remote?.pipeline?.speculation?.estimates?.drafters?.some((one) => one.here));

async function main() {
  const attic = startPeer('attic', ports.attic);
  let cellar = startPeer('cellar', ports.cellar);
  const workers = `workers = [ ${worker(await fingerprint('attic'), ports.attic, ports.rpcA, '40MB')}, ` +
    `${worker(await fingerprint('cellar'), ports.cellar, ports.rpcB, '40MB')} ]\n`;
  const pool = `[pool.den]\nplugin = "rpc-coordinator"\n${workers}`;
  const file = config('proxy', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${engine('stories15m-f32.gguf')}pool = "den"\n` +
    `[backend.other]\n${engine('minimind2-vocabulary.gguf')}pool = "den"\n[backend.d]\n${engine('stories15m-q4_0.gguf')}` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n${pool}`);
  const swap = (...words) => run('proxy', ['swap', '-c', file, ...words]);

  const truth = {};
  for (const model of ['stories15m-f32.gguf', 'stories15m-q8_0.gguf']) {
    const alone = launch('local', program, ['serve', '-c', config('local', `[server]\nlisten = "127.0.0.1:${ports.local}"\n` +
      `[backend.t]\n${engine(model)}pool = "den"\n[pipeline.p]\nserves = ["story"]\ntarget = "t"\n${pool}`)]);
    await comesTrue(`${model} over the pool`, () => healthy(ports.local));
    truth[model] = [];
    for (let i = 0; i < 4; ++i) truth[model].push((await answer(ports.local, ask(i))).text);
    assert.ok(truth[model].every((text) => text.length > 20), JSON.stringify(truth));
    assert.equal(await alone.kill('SIGTERM'), 0);
  }
  assert.notDeepEqual(truth['stories15m-f32.gguf'], truth['stories15m-q8_0.gguf']);
  const equal = async (model) => {
    for (let i = 0; i < 4; ++i) {
      const got = await answer(ports.proxy, ask(i));
      assert.equal(got.text, truth[model][i], `${model}, answer ${i}: ${JSON.stringify(got.error)}`);
    }
  };

  const nobody = await swap('other');
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /start one with `tightwad serve`/);
  const proxy = launch('proxy', program, ['serve', '-c', file]);
  await comesTrue('the pool', async () => await healthy(ports.proxy) && await up());
  await drafts();
  const { pid } = (await now()).pool;
  const rpcPids = async () => [await rpcPid('attic', ports.rpcA), await rpcPid('cellar', ports.rpcB)];
  const workersBefore = await rpcPids();

  writeFileSync(join(home, 'text.gguf'), 'this is no model');
  for (const [model, why] of [['othr', /neither a backend "othr".*Did you mean "other"\?.*"t", "other"/], ['d', /does not lie over the pool "den"/],
    [join(home, 'text.gguf'), /is not GGUF/], ['cache:none.gguf', /none\.gguf/],
    ['cache:tinyllama-1.1b-chat-q4_0.gguf', /does not fit the pool "den": the worker 127\.0\.0\.1:\d+ would hold/]]) {
    const refused = await swap(model);
    assert.equal(refused.code, 1, `${model}: ${JSON.stringify(refused)}`);
    assert.match(refused.err, why);
    assert.equal(refused.out, '');
  }
  assert.equal((await now()).pool.pid, pid);
  await equal('stories15m-f32.gguf');
  console.log('ok an unknown model, a file that is none and one that does not fit change nothing');

  // The answer that runs ends as it would have; requests that come meanwhile are told when to come again.
  const long = answer(ports.proxy, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await now()).running > 0);
  const swapped = swap('cache:stories15m-q8_0.gguf');
  await comesTrue('a swap that waits', async () => (await now()).pool.swap?.state === 'finishing');
  const meanwhile = await answer(ports.proxy, ask(0));
  assert.equal(meanwhile.status, 503);
  assert.ok(Number(meanwhile.retry) >= 1);
  assert.match(meanwhile.error.message, /is changing its model to "cache:stories15m-q8_0.gguf"/);
  const second = await swap('other');
  assert.equal(second.code, 1);
  assert.match(second.err, /already changing its model to "cache:stories15m-q8_0.gguf"/);
  const whole = await long;
  assert.ok(whole.text.startsWith(truth['stories15m-f32.gguf'][1]), JSON.stringify(whole));
  const done = await swapped;
  assert.equal(done.code, 0, JSON.stringify(done));
  assert.match(done.out, /p \(story\) now answers from cache:stories15m-q8_0\.gguf, on .*, context 256\./);
  await equal('stories15m-q8_0.gguf');
  assert.deepEqual((await (await fetch(`${url(ports.proxy)}/v1/models`)).json()).data.map(({ id }) => id), ['story']);
  assert.deepEqual(await rpcPids(), workersBefore);
  assert.notEqual((await now()).pool.pid, pid);
  console.log('ok a swap lets the running answer end, refuses others meanwhile, and the workers stay');

  process.kill(await rpcPid('attic', ports.rpcA), 'SIGKILL');
  await comesTrue('the pool down', async () => !(await up()), 5);
  await comesTrue('the pool again', up);
  await equal('stories15m-q8_0.gguf');
  console.log('ok a pool that comes back after a loss comes back with the model it was given last');

  const failed = await swap(brokenModel());
  assert.equal(failed.code, 1, JSON.stringify(failed));
  assert.match(failed.err, /broken\.gguf" could not be loaded over the pool "den": .*"cache:stories15m-q8_0\.gguf" answers again\./);
  assert.match(failed.err, /^ {2}\S/m); // its last lines
  await equal('stories15m-q8_0.gguf');
  console.log('ok a model that cannot be loaded is told why, and the one before it is back');

  const strange = await swap('other', '--json');
  assert.equal(strange.code, 0, JSON.stringify(strange));
  const said = JSON.parse(strange.out);
  assert.deepEqual([said.pipeline, said.swap.state, said.model.name, said.model.backend], ['p', 'done', 'other', 'other']);
  assert.match(said.why_no_draft, /The draft "d" has another vocabulary than "other"/);
  assert.equal((await answer(ports.proxy, { model: 'story', prompt: 'Once', max_tokens: 8 })).status, 200);
  const back = await swap('t');
  assert.equal(back.code, 0, JSON.stringify(back));
  await drafts();
  await equal('stories15m-f32.gguf');
  console.log('ok a model of another vocabulary is served without drafts, which the next one has again');

  assert.equal(await cellar.kill('SIGTERM'), 0);
  await comesTrue('the pool down', async () => !(await up()), 5);
  const alone = await swap('other');
  assert.equal(alone.code, 1);
  assert.match(alone.err, new RegExp(`"other" could not be loaded .*127\\.0\\.0\\.1:${ports.cellar}.*"t" is not back yet either`));
  cellar = startPeer('cellar', ports.cellar);
  await comesTrue('the pool again', up);
  await equal('stories15m-f32.gguf');
  console.log('ok without one of its workers a pool changes nothing, and has its model again when that worker is there');

  const cut = answer(ports.proxy, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await now()).running > 0);
  const left = swap('other');
  await comesTrue('a swap that waits', async () => (await now()).pool.swap.state === 'finishing');
  const last = (await now()).pool.pid;
  assert.equal(await proxy.kill('SIGTERM'), 0);
  await cut.catch(() => {});
  assert.equal((await left).code, 1);
  assert.throws(() => process.kill(last, 0), { code: 'ESRCH' });
  for (const one of [attic, cellar]) {
    assert.ok((await rpcOf(one.name)).length > 0);
    await one.kill('SIGTERM');
  }
  console.log('ok an endpoint that is stopped in the middle of a swap ends in order');
}

await test(main, ['attic', 'cellar', 'local', 'proxy', 'proxy/logs/pool-t']);
