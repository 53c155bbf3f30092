// `tightwad plan` about two real peers on loopback, whose rpc-servers it starts, measures and leaves as they are: what it
// found, what it says, what its exit code says, and what it says of a machine that went away.
// Usage: node plan.mjs TIGHTWAD RPC_SERVER. Needs a build whose engine has the RPC backend.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/free_port.mjs';

const [program, rpcServer] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'tightwad-plan-'));
const running = new Set();
const environment = (name) => ({ ...process.env, TIGHTWAD_STATE: join(home, name), TIGHTWAD_PEER_TOKEN: 'a-token-of-the-test' });
const words = (name) => existsSync(join(home, `${name}.log`)) ? readFileSync(join(home, `${name}.log`), 'utf8') : '';

function config(name, text) {
  const file = join(home, `${name}.toml`);
  writeFileSync(file, `schema = 1\n${text}`);
  return file;
}

async function startPeer(name, port) {
  const file = config(name, `[peer]\nlisten = "127.0.0.1:${port}"\nmachine = "${name}"\ntls = true\nrpc_server = "${rpcServer}"\n`);
  const child = spawn(program, ['peer', 'start', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'], env: environment(name) });
  const out = createWriteStream(join(home, `${name}.log`));
  child.stdout.pipe(out);
  child.stderr.pipe(out);
  running.add(child);
  for (const until = Date.now() + 60_000; Date.now() < until; await pause(25)) {
    const fingerprint = /fingerprint ([0-9a-f]{64})/.exec(words(name))?.[1];
    if (fingerprint) return { child, fingerprint };
  }
  throw new Error(`the peer ${name} does not start`);
}

function plan(...args) {
  const ran = spawnSync(program, ['plan', ...args], { encoding: 'utf8', env: environment('plan'), timeout: 240_000 });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

async function main() {
  const ports = { attic: await freePort(), cellar: await freePort(), rpcA: await freePort(), rpcB: await freePort() };
  const attic = await startPeer('attic', ports.attic), cellar = await startPeer('cellar', ports.cellar);
  const worker = (port, rpc, { fingerprint }) => `{ url = "tws://127.0.0.1:${port}", rpc_port = ${rpc}, device = "CPU", ` +
    `token = { env = "TIGHTWAD_PEER_TOKEN" }, fingerprint = "${fingerprint}" }`;
  const engine = (model) => `plugin = "llamacpp"\nmodel_path = "cache:${model}"\ncontext = 256\nslots = 2\nthreads = 1\n`;
  const file = config('plan', `[backend.t]\n${engine('stories15m-f32.gguf')}pool = "den"\n[backend.d]\n${engine('stories15m-q4_0.gguf')}` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n[pool.den]\nplugin = "rpc-coordinator"\n` +
    `workers = [ ${worker(ports.attic, ports.rpcA, attic)}, ${worker(ports.cellar, ports.rpcB, cellar)} ]\n`);

  const first = plan('-c', file, '--json', '--rpc-server', rpcServer, '--acceptance', '0.8');
  const found = JSON.parse(first.out);
  assert.equal(found.here.only_a_bound, false, first.err);
  const [den] = found.pools;
  assert.equal(den.problem, null);
  for (const one of den.workers) {
    assert.ok(one.round_trip_ms > 0 && one.round_trip_ms < 1000, JSON.stringify(one));
    assert.ok(one.up_bytes_per_s > 1e6 && one.down_bytes_per_s > 1e6);
    assert.deepEqual(Object.keys(one.ms_per_gb), ['1', '2', '4', '8', '16']);
    assert.ok(Object.values(one.ms_per_gb).every((ms) => ms > 0));
    assert.ok([1, 2, 4, 8].includes(one.least_rows), JSON.stringify(one));
    assert.match(one.about, /processors, .* free/);
    assert.ok(one.memory_bytes > 1e8);
  }
  assert.equal(den.shares.reduce((sum, one) => sum + one.layers, 0), 6);
  assert.deepEqual(den.shares.map((one) => one.output), [false, false, true]);
  assert.deepEqual(found.ways.map((one) => one.kind), ['solo', 'solo', 'solo', 'replicas', 'pool', 'pool + draft']);
  assert.ok(found.ways.every((one) => one.fits && one.tokens_per_s > 0));
  assert.ok(found.draft_token_ms > 0);
  assert.ok(found.ways[5].tokens_per_s >= found.ways[4].tokens_per_s);
  assert.equal(first.code, found.refused ? 1 : 0, first.err);
  console.log(`ok two peers are measured: ${found.ways.map((one) => `${one.kind} ${one.tokens_per_s.toFixed(0)}`).join(', ')} tokens/s`);

  const told = plan('-c', file, '--force');
  assert.equal(told.code, 0, told.err);
  assert.match(told.out, /Recommended: /);
  assert.match(told.out, /this machine .*at least/);
  console.log('ok without an rpc-server of its own this machine has a bound; --force is no failure');

  cellar.child.kill('SIGKILL');
  await once(cellar.child, 'exit');
  const without = plan('-c', file);
  assert.equal(without.code, 1);
  assert.match(without.err, new RegExp(`The pool den has no speed: No Tightwad peer answers at tws://127.0.0.1:${ports.cellar}`));
  console.log('ok a machine that went away is named');
  attic.child.kill('SIGTERM');
  const [code] = await once(attic.child, 'exit');
  assert.equal(code, 0);
}

try {
  await main();
  rmSync(home, { recursive: true });
} catch (failure) {
  for (const name of ['attic', 'cellar']) console.error(`--- ${name}\n${words(name).split('\n').slice(-30).join('\n')}`);
  for (const child of running) child.kill('SIGKILL');
  throw failure;
}
