// What the tests of pools have in common: peers on loopback that run real ggml-rpc-servers, an endpoint that uses them,
// questions to it. The program and the rpc-server are the first words of the command line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { models } from './models.mjs';

export const [program, rpcServer, relay] = process.argv.slice(2);
export const home = mkdtempSync(join(tmpdir(), 'tightwad-pool-'));
export const token = 'a-token-of-the-test';
const running = new Set();

const environment = (name) => ({ ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=8', TIGHTWAD_STATE: join(home, name), TIGHTWAD_PEER_TOKEN: token });

/// Its state folder and its log are called `name`.
export function launch(name, command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment(name), ...env } });
  const out = createWriteStream(join(home, `${name}.log`), { flags: 'a' });
  child.stdout.pipe(out);
  child.stderr.pipe(out);
  const ended = once(child, 'exit');
  running.add(child);
  return { name, child, kill: async (signal) => {
    child.kill(signal);
    const [code] = await ended;
    running.delete(child);
    return code;
  } };
}

/// Runs a command to its end, with the state of `name`.
export async function run(name, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(name) });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes) => { said.out += bytes; });
  child.stderr.on('data', (bytes) => { said.err += bytes; });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

export async function comesTrue(what, condition, seconds = 90) {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await pause(25)) if (await condition()) return;
  assert.fail(`waited ${seconds} s for: ${what}`);
}

export function config(name, text) {
  const file = join(home, `${name}.toml`);
  writeFileSync(file, `schema = 1\n${text}`);
  return file;
}

/// A model that only llama.cpp itself finds fault with: it names an architecture that there is not.
export function brokenModel() {
  const bytes = readFileSync(join(models, 'stories15m-q4_0.gguf'));
  bytes.write('nonex', bytes.indexOf('llama', bytes.indexOf('general.architecture')));
  const file = join(home, 'broken.gguf');
  writeFileSync(file, bytes);
  return file;
}

export const words = (name) => existsSync(join(home, `${name}.log`)) ? readFileSync(join(home, `${name}.log`), 'utf8') : '';
export const engine = (model, path = `cache:${model}`) => `plugin = "llamacpp"\nmodel_path = "${path}"\ncontext = 256\nslots = 2\nthreads = 1\n`;
const peerFile = (name, port) => config(name, `[peer]\nlisten = "127.0.0.1:${port}"\nmachine = "${name}"\ntls = true\nrpc_threads = 1\nrpc_server = "${rpcServer}"\n`);
export const startPeer = (name, port) => launch(name, program, ['peer', 'start', '-c', peerFile(name, port)]);

/// Of its certificate, as it says at its start.
export async function fingerprint(name) {
  let said;
  await comesTrue(`the peer ${name}`, () => { said = /fingerprint ([0-9a-f]{64})/.exec(words(name))?.[1]; return said; });
  return said;
}

export const worker = (print, port, rpcPort, vram = '1GB') => `{ url = "tws://127.0.0.1:${port}", rpc_port = ${rpcPort}, device = "CPU", vram = "${vram}", ` +
  `token = { env = "TIGHTWAD_PEER_TOKEN" }, fingerprint = "${print}" }`;

// The management speaks TLS with a certificate nobody signed: ask as `peer status` does, by its local port.
export const localUrl = (name) => JSON.parse(readFileSync(join(home, name, 'peer.json'), 'utf8')).url;
export const rpcOf = async (name) =>
  (await (await fetch(`${localUrl(name)}/v1/peer/rpc`, { headers: { authorization: `Bearer ${token}` } })).json()).rpc;
export const rpcPid = async (name, port) => (await rpcOf(name)).find((one) => one.port === port && one.state === 'running')?.pid;

export const url = (port) => `http://127.0.0.1:${port}`;
export const healthy = (port) => fetch(`${url(port)}/health`).then((answer) => answer.ok, () => false);
export const pipeline = async (port) => (await (await fetch(`${url(port)}/v1/tightwad/status`)).json()).pipelines[0];
export const isUp = async (port) => { const now = await pipeline(port); return now.up && now.pool.state === 'up'; };

export const ask = (i) => ({ model: 'story', prompt: `Once upon a time number ${i}, there was`, max_tokens: 60, temperature: i % 2,
  seed: 100 + i, logit_bias: { 2: -100 } });

export async function answer(port, body) {
  const response = await fetch(`${url(port)}/v1/completions`, { method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(120_000) });
  const json = await response.json();
  return { status: response.status, retry: response.headers.get('retry-after'), text: json.choices?.[0]?.text ?? '', error: json.error };
}

/// Does `act` and sees the pool go down within 5 s, which a request is told with 503 and when to ask again.
export async function goesDown(port, what, act) {
  const began = Date.now();
  await act();
  await comesTrue(`the pool down after ${what}`, async () => !(await pipeline(port)).up, 5);
  const took = Date.now() - began;
  const refused = await answer(port, ask(0));
  assert.equal(refused.status, 503, `${what}: ${JSON.stringify(refused)}`);
  assert.ok(Number(refused.retry) >= 1);
  assert.match(refused.error.message, /pool "den" is down/);
  return [took, refused.error.message];
}

/// Runs the test; what it leaves behind when it fails is the ends of these logs.
export async function test(main, logs) {
  try {
    await main();
    rmSync(home, { recursive: true });
  } catch (failure) {
    for (const name of logs)
      if (words(name)) console.error(`--- ${name}\n${words(name).split('\n').slice(-30).join('\n')}`);
    for (const child of running) child.kill('SIGKILL');
    throw failure;
  }
}
