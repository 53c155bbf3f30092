// Processes on loopback with real models: a target, a drafter, a replica and the endpoint that knows only their addresses.
// Each in turn is killed in mid-answer: answers are equal to a local run or end with an error, and nothing hangs.
// Nothing is said of speed: who gets the cores here is nobody's choice. Usage: node peers.mjs TIGHTWAD
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/free_port.mjs';
import { findings, makesNoEmbeddings, unanswered } from './questions.mjs';

const patienceMs = 120_000; // for anything that must come; nobody is measured
const program = process.argv[2];
const home = mkdtempSync(join(tmpdir(), 'tightwad-peers-'));
const running = new Set();
const token = 'a-token-of-the-test';

function launch(name, args, env = {}) {
  const log = join(home, `${name}.log`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'],
    // Freed memory that the address sanitizer keeps back is no leak.
    env: { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=8', TIGHTWAD_STATE: join(home, name), TIGHTWAD_PEER_TOKEN: token, ...env } });
  const out = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(out);
  child.stderr.pipe(out);
  const ended = once(child, 'exit');
  running.add(child);
  const kill = async (signal) => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const [code, by] = await ended;
    clearTimeout(late);
    running.delete(child);
    if (signal === 'SIGTERM') assert.equal(by ?? code, 0, `${name} ends on SIGTERM`);
  };
  return { name, log, child, kill };
}

// The condition, asked until it holds.
async function comesTrue(what, condition) {
  for (const until = Date.now() + patienceMs; Date.now() < until; await pause(50)) if (await condition()) return;
  assert.fail(`waited ${patienceMs / 1000} s for: ${what}`);
}

const engine = (model) => `plugin = "llamacpp"\nmodel_path = "cache:${model}"\ncontext = 256\nslots = 4\nthreads = 1\n`;
const far = (port, model) => `plugin = "llamacpp"\nurl = "tw://127.0.0.1:${port}"\nmodel = "${model}"\ntoken = { env = "TIGHTWAD_PEER_TOKEN" }\n`;

function config(name, text) {
  const file = join(home, `${name}.toml`);
  writeFileSync(file, `schema = 1\n${text}`);
  return file;
}

const ports = { target: await freePort(), second: await freePort(), drafter: await freePort(), proxy: await freePort(), local: await freePort() };
const files = {
  target: config('target', `[peer]\nlisten = "127.0.0.1:${ports.target}"\nmachine = "den"\ntargets = ["large"]\n[backend.large]\n${engine('stories15m-q8_0.gguf')}`),
  second: config('second', `[peer]\nlisten = "127.0.0.1:${ports.second}"\nmachine = "cellar"\ntargets = ["large"]\n[backend.large]\n${engine('stories15m-q8_0.gguf')}`),
  pair: config('pair', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${far(ports.target, 'large')}[backend.u]\n${far(ports.second, 'large')}[pipeline.p]\nserves = ["story"]\ntarget = ["t", "u"]\n`),
  near: config('near', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${engine('stories15m-q8_0.gguf')}[backend.d]\n${far(ports.drafter, 'small')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n`),
  lent: config('lent', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${far(ports.target, 'large')}[backend.d]\n${engine('stories15m-q4_0.gguf')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n`),
  drafter: config('drafter', `[peer]\nlisten = "127.0.0.1:${ports.drafter}"\nmachine = "attic"\ndrafts = ["small"]\n[backend.small]\n${engine('stories15m-q4_0.gguf')}`),
  proxy: config('proxy', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${far(ports.target, 'large')}[backend.d]\n${far(ports.drafter, 'small')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n`),
  local: config('local', `[server]\nlisten = "127.0.0.1:${ports.local}"\n[backend.t]\n${engine('stories15m-q8_0.gguf')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\n`),
};
// The drafter streams whether or not it owns a core here, so that there is something to lose.
const start = {
  target: () => launch('target', ['peer', 'start', '-c', files.target], { TIGHTWAD_DRAFTING: 'branches' }),
  drafter: () => launch('drafter', ['peer', 'start', '-c', files.drafter]),
  proxy: () => launch('proxy', ['serve', '-c', files.proxy]),
};

const url = (port) => `http://127.0.0.1:${port}`;
const healthy = (port) => fetch(`${url(port)}/health`).then((answer) => answer.ok, () => false);
const pipeline = async () => (await (await fetch(`${url(ports.proxy)}/v1/tightwad/status`)).json()).pipelines[0];
const drafting = (status) => status.up === true
  && (status.remote?.pipeline?.speculation?.estimates?.drafters?.some((one) => one.here) ?? false);
const agent = async (port, path) => (await fetch(`${url(port)}/v1/peer/${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
const resident = (child) => Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

const ask = (i, tokens = 150) => ({ model: 'story', prompt: `Once upon a time number ${i}, there was`, max_tokens: tokens,
  temperature: i % 2, seed: 100 + i, stream: true, logit_bias: { 2: -100 } });

// The text, or the error in the stream or instead of it.
async function answer(port, body, onText = () => {}) {
  const response = await fetch(`${url(port)}/v1/completions`, { method: 'POST', body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok) return { text: '', error: (await response.json()).error };
  const out = { text: '' };
  for (const event of (await (async () => {
    let all = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      const piece = decoder.decode(bytes, { stream: true });
      if (piece.includes('"text":"')) onText();
      all += piece;
    }
    return all;
  })()).split('\n\n')) {
    if (!event.startsWith('data: ') || event === 'data: [DONE]') continue;
    const chunk = JSON.parse(event.slice(6));
    if (chunk.error) out.error = chunk.error;
    out.text += chunk.choices?.[0]?.text ?? '';
    if (chunk.tightwad) out.figures = chunk.tightwad;
  }
  return out;
}

// Four answers at once; `then` is called when the first text of the first has come.
async function four(from, then = async () => {}) {
  let act;
  const acted = new Promise((resolve) => { act = () => resolve(then()); });
  let first = true;
  const answers = Promise.all([0, 1, 2, 3].map((i) => answer(ports.proxy, ask(from + i), () => { if (first) act(); first = false; })));
  const got = await answers;
  act(); // where no text came at all
  await acted;
  return got;
}

async function main() {
  const local = launch('local', ['serve', '-c', files.local]);
  await comesTrue('the local endpoint', () => healthy(ports.local));
  const truth = [];
  for (let i = 0; i < 40; ++i) truth.push((await answer(ports.local, ask(i))).text);
  const known = await findings(url(ports.local), 'story');
  const found = async () => assert.deepEqual(await findings(url(ports.proxy), 'story'), known);
  await local.kill('SIGTERM');
  const equal = (from, got) => got.forEach((one, i) => assert.equal(one.text, truth[from + i], `answer ${from + i}: ${JSON.stringify(one.error)}`));

  let target = start.target(), drafter = start.drafter(), proxy = start.proxy();
  await comesTrue('the endpoint', () => healthy(ports.proxy));
  const together = async () => comesTrue('a drafter at the target', async () => drafting(await pipeline()));
  await together();
  for (let from = 0; from < 8; from += 4) equal(from, await four(from));
  // Asked for until one is accepted: while other programs have the cores the policy may be silent.
  const drafts = async (accepted, more) => comesTrue('accepted drafts', async () => {
    equal(1, [await answer(ports.proxy, ask(1))]);
    return accepted(await pipeline()) > more;
  });
  const remotely = (status) => status.remote?.pipeline?.stats?.sources?.model?.accepted ?? 0;
  await drafts(remotely, 0);
  console.log('ok drafted and decided elsewhere, equal to a local run');
  await found();
  await makesNoEmbeddings(url(ports.proxy), 'story');
  console.log('ok tokens, counts and properties are found elsewhere as here');

  equal(8, await four(8, () => drafter.kill('SIGKILL')));
  equal(12, await four(12));
  drafter = start.drafter();
  await together();
  equal(16, await four(16));
  console.log('ok a killed drafter costs no byte, and drafts again when it is back');

  for (const [i, one] of (await four(20, () => target.kill('SIGKILL'))).entries()) {
    assert.ok(truth[20 + i].startsWith(one.text), 'what came is what would have come');
    assert.ok(one.text === truth[20 + i] || one.error, 'an unfinished answer says why');
  }
  assert.match((await answer(ports.proxy, ask(0))).error.message, /127\.0\.0\.1/);
  assert.match(await unanswered(url(ports.proxy), 'story'), /127\.0\.0\.1/);
  target = start.target();
  await together();
  equal(24, await four(24));
  console.log('ok a killed target is an error that names it, and serves again when it is back');

  const before = { target: resident(target.child), drafter: resident(drafter.child) };
  const cut = Promise.allSettled([28, 29, 30, 31].map((i) => answer(ports.proxy, ask(i))));
  await comesTrue('answers that run', async () => (await pipeline()).running > 0);
  await proxy.kill('SIGKILL');
  await cut;
  await comesTrue('links that are gone', async () => (await agent(ports.target, 'health')).sessions === 0);
  proxy = start.proxy();
  await comesTrue('the endpoint', () => healthy(ports.proxy));
  await together();
  equal(32, await four(32));
  // What the target says of itself is asked for every two seconds.
  await comesTrue('free slots', async () => (await pipeline()).remote.pipeline.slots.active === 0);
  for (let i = 0; i < 60; ++i) {
    const abort = new AbortController();
    const gone = fetch(`${url(ports.proxy)}/v1/completions`, { method: 'POST', body: JSON.stringify(ask(i)), signal: abort.signal,
      headers: { 'content-type': 'application/json' } }).then((response) => response.body.getReader().read());
    await gone;
    abort.abort();
  }
  await comesTrue('no answer left behind', async () => {
    const { running: open, remote } = await pipeline();
    return open === 0 && remote.pipeline.slots.active === 0 && remote.pipeline.slots.queued === 0;
  });
  equal(36, await four(36));
  const grown = Math.max(resident(target.child) - before.target, resident(drafter.child) - before.drafter);
  console.log(`ok a killed endpoint and clients that go away leave nothing behind (memory +${grown.toFixed(0)} MB)`);
  assert.ok(grown < 64, `${grown} MB more`);

  await proxy.kill('SIGTERM');
  proxy = launch('proxy', ['serve', '-c', files.near], { TIGHTWAD_DRAFTING: 'streaming' });
  await comesTrue('the endpoint', () => healthy(ports.proxy));
  await comesTrue('the drafter', async () => (await pipeline()).speculation.estimates.drafters.some((one) => one.here));
  equal(0, await four(0));
  await drafts((status) => status.stats.sources.model.accepted, 0);
  await proxy.kill('SIGTERM');
  proxy = launch('proxy', ['serve', '-c', files.lent]);
  await comesTrue('the endpoint', () => healthy(ports.proxy));
  await together();
  const lentBefore = remotely(await pipeline());
  equal(4, await four(4));
  await drafts(remotely, lentBefore);
  assert.equal((await pipeline()).remote.drafts[0].path, 'relayed');
  console.log('ok a local target with a remote drafter, a remote target with a local drafter');
  await proxy.kill('SIGTERM');
  const second = launch('second', ['peer', 'start', '-c', files.second]);
  proxy = launch('proxy', ['serve', '-c', files.pair]);
  await comesTrue('two replicas', async () => await healthy(ports.proxy) && (await pipeline()).replicas.every((one) => one.up && one.exactness_known));
  equal(0, await four(0));
  equal(4, await four(4, () => target.kill('SIGKILL')));
  assert.ok((await pipeline()).moves > 0, 'some answer moved');
  equal(8, await four(8));
  await found();
  console.log('ok answers of a killed target go on at its replica with the same bytes');
  await second.kill('SIGTERM');
  target = start.target();
  await proxy.kill('SIGTERM');
  proxy = launch('proxy', ['serve', '-c', files.proxy], { TIGHTWAD_PEER_TOKEN: 'another' });
  await comesTrue('the endpoint', () => healthy(ports.proxy));
  await comesTrue('a refusal', async () => /token/i.test((await pipeline()).peer.why ?? ''));
  assert.match((await answer(ports.proxy, ask(0))).error.message, /token/i);
  console.log('ok a wrong token is told in words');
  for (const one of [proxy, target, drafter]) await one.kill('SIGTERM');
}

try {
  await main();
  rmSync(home, { recursive: true });
} catch (failure) {
  for (const name of ['target', 'second', 'drafter', 'proxy', 'local'])
    try {
      console.error(`--- ${name}\n${readFileSync(join(home, `${name}.log`), 'utf8').split('\n').slice(-25).join('\n')}`);
    } catch { /* never started */ }
  for (const child of running) child.kill('SIGKILL');
  throw failure;
}
