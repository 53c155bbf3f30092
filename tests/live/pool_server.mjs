// A pool whose model a real llama-server holds: started, watched and ended by the endpoint, over two real rpc-servers.
// Usage: node pool_server.mjs TIGHTWAD RPC_SERVER LLAMA_SERVER
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, brokenModel, comesTrue, config, engine, goesDown, healthy, home, isUp, launch, pipeline, program, rpcServer, run, test, url, words }
  from './pool_machines.mjs';

const llamaServer = resolve(process.argv[4]);

async function main() {
  const ports = { front: await freePort(), a: await freePort(), b: await freePort() };
  const worker = (name) => launch(`worker-${name}`, rpcServer, ['-H', '127.0.0.1', '-p', String(ports[name]), '-t', '1']);
  const workers = { a: worker('a'), b: worker('b') };
  const text = (more) => `[server]\nlisten = "127.0.0.1:${ports.front}"\n[backend.t]\n${engine('stories15m-f32.gguf')}pool = "den"\ntensor_split = "1,1"\n` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\n[pool.den]\nplugin = "rpc-coordinator"\nserver = "${llamaServer}"\n${more}` +
    `workers = [ { host = "127.0.0.1", rpc_port = ${ports.a} }, { host = "127.0.0.1", rpc_port = ${ports.b} } ]\n`;
  const file = config('front', text('server_args = ["--no-webui", "--no-warmup"]\nserver_env = ["GGML_NO_BACKTRACE=1"]\n'));
  writeFileSync(join(home, 'text.gguf'), 'this is no model');
  const front = launch('front', program, ['serve', '-c', file]);
  await comesTrue('the endpoint', () => healthy(ports.front));
  await comesTrue('the pool', () => isUp(ports.front));
  const page = await pipeline(ports.front);
  assert.equal(page.pool.server, llamaServer);
  assert.match(page.speculation.why_not, /remove server/);
  const truth = [];
  for (let i = 0; i < 3; ++i) {
    const got = await answer(ports.front, ask(i));
    assert.ok(got.text.length > 20, JSON.stringify(got));
    truth.push(got.text);
  }
  const log = words('front/logs/pool-t');
  assert.match(log, new RegExp(`127\\.0\\.0\\.1`), 'its words are in the pool\'s log');
  console.log('ok a llama-server over two rpc-servers answers');

  // Nobody but the endpoint is answered by it.
  const far = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1];
  assert.ok(far, log.slice(-500));
  const stranger = await fetch(`${url(far)}/v1/completions`, { method: 'POST', body: JSON.stringify({ prompt: 'x', max_tokens: 1 }) });
  assert.equal(stranger.status, 401);
  assert.ok(existsSync(join(home, 'front', 'pool-t.key')));
  console.log('ok it answers nobody without the key');

  const again = async () => {
    await comesTrue('the pool again', () => isUp(ports.front));
    for (let i = 0; i < 3; ++i) assert.equal((await answer(ports.front, ask(i))).text, truth[i]);
  };
  const [took] = await goesDown(ports.front, 'a worker was killed', () => workers.b.kill('SIGKILL'));
  await comesTrue('it is told in words', async () => /127\.0\.0\.1:\d+/.test((await answer(ports.front, ask(0))).error?.message ?? ''));
  workers.b = worker('b');
  await again();
  console.log(`ok a worker killed: down after ${took} ms, back by itself`);

  // Another model: the server is started anew, and a file that it cannot load is followed by the one before.
  const before = (await pipeline(ports.front)).pool;
  assert.deepEqual(before.model, { name: 't', backend: 't', file: null });
  for (const [model, why] of [['othr', /neither a backend "othr"/], [join(home, 'text.gguf'), /does not begin with the bytes GGUF/]]) {
    const refused = await run('front', ['swap', '-c', file, model]);
    assert.equal(refused.code, 1, JSON.stringify(refused));
    assert.match(refused.err, why);
  }
  assert.equal((await pipeline(ports.front)).pool.pid, before.pid);
  const long = answer(ports.front, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await pipeline(ports.front)).slots.active > 0);
  const swapping = run('front', ['swap', '-c', file, 'cache:stories15m-q8_0.gguf']);
  await comesTrue('a swap that waits', async () => (await pipeline(ports.front)).pool.swap?.state === 'finishing');
  const meanwhile = await answer(ports.front, ask(0));
  assert.equal(meanwhile.status, 503);
  assert.match(meanwhile.error.message, /is changing its model to "cache:stories15m-q8_0.gguf"/);
  assert.ok((await long).text.startsWith(truth[1]), 'the running answer ends as it would have');
  const swapped = await swapping;
  assert.equal(swapped.code, 0, JSON.stringify(swapped));
  assert.match(swapped.out, /p \(story\) now answers from cache:stories15m-q8_0\.gguf, held by .*llama-server\./);
  assert.notEqual((await pipeline(ports.front)).pool.pid, before.pid);
  const others = [];
  for (let i = 0; i < 3; ++i) others.push((await answer(ports.front, ask(i))).text);
  assert.notDeepEqual(others, truth);
  const failed = await run('front', ['swap', '-c', file, brokenModel()]);
  assert.equal(failed.code, 1, JSON.stringify(failed));
  assert.match(failed.err, /broken\.gguf" could not be loaded over the pool "den": .*"cache:stories15m-q8_0\.gguf" answers again\./);
  for (let i = 0; i < 3; ++i) assert.equal((await answer(ports.front, ask(i))).text, others[i]);
  assert.equal((await run('front', ['swap', '-c', file, 't'])).code, 0);
  await again();
  console.log('ok a swap starts it anew with another model, and again with the one before where that fails');

  const wrong = await run('front', ['check', '-c', config('wrong', text('output = "coordinator"\n'))]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /"output" is this program's/);
  assert.equal(await front.kill('SIGTERM'), 0);
  await comesTrue('nothing left behind', () => fetch(url(far)).then(() => false, () => true), 10);

  // What is no worker's fault is said at once, by its last lines, and nothing stays.
  const broken = config('broken', text('server_args = ["--no-such-argument"]\n'));
  for (const command of ['start', 'serve']) {
    const { code, out, err } = await run('front', [command, '-c', broken]);
    assert.equal(code, 1, err);
    assert.match(err, /ended with code [1-9]\d*.*The last lines of its log:\n {4}.*no-such-argument/s);
    assert.doesNotMatch(out, /runs in the background/);
  }
  assert.equal((await run('front', ['status', '-c', broken])).code, 1);
  console.log('ok a llama-server that dies at once is told by its last lines and the exit code');

  // A worker that is not there is waited for.
  await workers.a.kill('SIGTERM');
  const waiting = await run('front', ['start', '-c', file]);
  assert.equal(waiting.code, 0, waiting.err);
  const missing = await run('front', ['status', '-c', file]);
  assert.match(missing.out, new RegExp(`pool den of p: down, .*127\\.0\\.0\\.1:${ports.a}`), missing.out);
  workers.a = worker('a');
  await comesTrue('the pool, now that the worker is there', () => isUp(ports.front));
  assert.equal((await run('front', ['stop', '-c', file])).code, 0);
  const other = await run('front', ['start', '-c', file, '-m', 'cache:stories15m-q4_0.gguf', '--ram-reclaim', 'on']);
  assert.equal(other.code, 0, other.err);
  assert.match(other.out, /stories15m-q4_0\.gguf\n {2}in memory before: /, 'the model that was chosen is reclaimed');
  assert.doesNotMatch(other.out, /f32\.gguf/);
  assert.equal((await run('front', ['stop', '-c', file])).code, 0);
  const tight = await run('front', ['start', '-c', file]);
  assert.equal(tight.code, 0, tight.err);
  assert.doesNotMatch(tight.out, /in memory before/, 'a small model is let alone');
  assert.equal((await run('front', ['stop', '-c', file])).code, 0);
  console.log('ok a worker that is missing at the start keeps no endpoint from starting, and the status names it');
  for (const one of Object.values(workers)) await one.kill('SIGTERM');
  console.log('ok all ended in order');
}

await test(main, ['front', 'front/logs/pool-t', 'worker-a', 'worker-b']);
