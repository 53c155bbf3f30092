// What goes wrong between a pool and its workers, with real ggml-rpc-servers behind peers: one is missing at the start,
// one is killed while the model is loading, the link is cut for 1 s and for 30 s, an rpc-server or a whole peer is held
// by SIGSTOP, one speaks another protocol (that one is played: no other version is built here).
// Usage: node pool_faults.mjs TIGHTWAD RPC_SERVER RELAY.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, comesTrue, config, engine, fingerprint, goesDown, healthy, isUp, launch, pipeline, program, relay,
  rpcPid, rpcServer, startPeer, test, worker } from './pool_machines.mjs';

const ports = {};
for (const name of ['attic', 'cellar', 'way', 'rpcA', 'rpcB', 'proxy', 'odd', 'oddProxy']) ports[name] = await freePort();
const now = () => pipeline(ports.proxy);
const up = () => isUp(ports.proxy);
const served = (port, pool, model) => `[server]\nlisten = "127.0.0.1:${port}"\n[backend.t]\n${engine(model)}pool = "den"\n` +
  `[pipeline.p]\nserves = ["story"]\ntarget = "t"\n[pool.den]\nplugin = "rpc-coordinator"\n${pool}`;

async function faultsOfLinks() {
  const attic = startPeer('attic', ports.attic);
  let cellar = startPeer('cellar', ports.cellar);
  const prints = { attic: await fingerprint('attic'), cellar: await fingerprint('cellar') };
  assert.equal(await cellar.kill('SIGTERM'), 0);
  // Slow enough that a load takes seconds; the part of the last worker, which has the most, passes through.
  const way = launch('way', relay, ['--listen', `127.0.0.1:${ports.way}`, '--to', `127.0.0.1:${ports.cellar}`, '--rate', '2000000']);
  const file = config('proxy', served(ports.proxy, `workers = [ ${worker(prints.attic, ports.attic, ports.rpcA)}, ` +
    `${worker(prints.cellar, ports.way, ports.rpcB)} ]\n`, 'stories15m-f32.gguf'));

  const proxy = launch('proxy', program, ['serve', '-c', file]);
  await comesTrue('the endpoint, although a worker is missing', () => healthy(ports.proxy));
  const missing = await answer(ports.proxy, ask(0));
  assert.equal(missing.status, 503);
  assert.ok(Number(missing.retry) >= 1);
  assert.match(missing.error.message, new RegExp(`pool "den" is down.*127\\.0\\.0\\.1:${ports.way}`));
  cellar = startPeer('cellar', ports.cellar);
  await comesTrue('the pool, now that the worker is there', up);
  const truth = [];
  for (let i = 0; i < 3; ++i) truth.push((await answer(ports.proxy, ask(i))).text);
  assert.ok(truth.every((text) => text.length > 20), JSON.stringify(truth));
  const equal = async () => { for (let i = 0; i < 3; ++i) assert.equal((await answer(ports.proxy, ask(i))).text, truth[i], `answer ${i}`); };
  console.log(`ok a worker that is missing at the start is named (${missing.error.message}), and served once it is there`);

  const starts = (await now()).pool.starts;
  await goesDown(ports.proxy, 'the other worker was killed', async () => process.kill(await rpcPid('attic', ports.rpcA), 'SIGKILL'));
  await comesTrue('a load that is under way', async () => {
    const { pool } = await now();
    return pool.starts > starts && pool.pid && pool.progress > 0.05 && pool.progress < 0.97 && await rpcPid('cellar', ports.rpcB);
  });
  const { pid } = (await now()).pool;
  const began = Date.now();
  process.kill(await rpcPid('cellar', ports.rpcB), 'SIGKILL');
  await comesTrue('the load given up, and why', async () => {
    const { pool } = await now();
    return pool.pid !== pid && pool.why?.includes(`127.0.0.1:${ports.rpcB}`);
  }, 5);
  console.log(`ok a worker killed while the model was loading: known after ${Date.now() - began} ms, ${(await now()).pool.why}`);
  await comesTrue('the pool again', up);
  await equal();

  const before = (await now()).pool.starts;
  const long = answer(ports.proxy, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await now()).running > 0);
  way.child.kill('SIGSTOP');
  await pause(1000);
  way.child.kill('SIGCONT');
  const whole = await long;
  assert.equal(whole.error, undefined);
  assert.ok(whole.text.startsWith(truth[1]), `${whole.text}\ninstead of\n${truth[1]}`);
  assert.equal((await now()).pool.starts, before);
  await equal();
  console.log('ok a link that is cut for 1 s in mid-answer: the answer goes on, byte for byte');

  const lost = answer(ports.proxy, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await now()).running > 0);
  const cutAt = Date.now();
  const [silent] = await goesDown(ports.proxy, 'the link was cut', () => way.child.kill('SIGSTOP'));
  assert.ok((await lost).error, 'an answer whose worker fell silent says so');
  while (Date.now() - cutAt < 30_000) {
    assert.equal((await answer(ports.proxy, ask(0))).status, 503);
    await pause(1000);
  }
  way.child.kill('SIGCONT');
  await comesTrue('the pool again', up);
  await equal();
  console.log(`ok a link that is cut for 30 s: down after ${silent} ms, refused meanwhile, back by itself`);
  for (const who of ['an rpc-server', 'a peer'])
    for (const decoding of [true, false]) {
      const rpc = await rpcPid('cellar', ports.rpcB);
      const [pid, words] = who === 'a peer' ? [cellar.child.pid, /silent for/] : [rpc, new RegExp(`by a signal; .kill -CONT ${rpc}.`)];
      const cut = decoding ? answer(ports.proxy, { ...ask(1), max_tokens: 200 }) : null;
      if (cut) await comesTrue('an answer that runs', async () => (await now()).running > 0);
      const [took, told] = await goesDown(ports.proxy, `${who} was held`, () => process.kill(pid, 'SIGSTOP'));
      assert.match(told, words);
      if (cut) assert.ok((await cut).error, 'an answer whose worker is held says so');
      process.kill(pid, 'SIGCONT');
      await comesTrue('the pool again', up);
      await equal();
      console.log(`ok ${who} held by SIGSTOP while ${decoding ? 'decoding' : 'idle'}: down after ${took} ms (${told}), back by itself`);
    }
  assert.equal(await proxy.kill('SIGTERM'), 0);
  for (const one of [attic, cellar, way]) await one.kill('SIGTERM');
}

// Greets as another version does, or hangs up as one before the greeting was invented.
async function oddServer(version) {
  const server = createServer((caller) => {
    caller.on('error', () => {});
    if (!version) return caller.end();
    caller.once('data', () => caller.write(Buffer.from([28, 0, 0, 0, 0, 0, 0, 0, ...version, ...new Array(25).fill(0)])));
  }).listen(ports.odd, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function otherProtocol() {
  const file = config('odd', served(ports.oddProxy, `workers = [ { host = "127.0.0.1", rpc_port = ${ports.odd}, device = "CPU" } ]\n`, 'stories15m-q4_0.gguf'));
  let server = await oddServer([6, 0, 0]);
  const proxy = launch('odd', program, ['serve', '-c', file]);
  await comesTrue('the endpoint', () => healthy(ports.oddProxy));
  const told = (what) => comesTrue(`the worker's protocol in words: ${what}`, async () => {
    const { status, error } = await answer(ports.oddProxy, ask(0));
    return status === 503 && error.message.includes(`127.0.0.1:${ports.odd} ${what}`) && error.message.includes('build it from llama.cpp');
  }, 30);
  await told('speaks protocol 6.0, and this engine 7.');
  server.close();
  server = await oddServer();
  await told('hung up at the greeting');
  server.close();
  const right = launch('right', rpcServer, ['--host', '127.0.0.1', '--port', `${ports.odd}`]);
  await comesTrue('the pool, once the right version is there', () => isUp(ports.oddProxy));
  assert.equal((await answer(ports.oddProxy, ask(0))).status, 200);
  assert.equal(await proxy.kill('SIGTERM'), 0);
  await right.kill('SIGTERM');
  console.log('ok a worker of another protocol is named with both versions, and served once it is the right one');
}

await test(async () => {
  await otherProtocol();
  await faultsOfLinks();
}, ['attic', 'cellar', 'way', 'right', 'odd', 'proxy', 'odd/logs/pool-t', 'proxy/logs/pool-t']);
