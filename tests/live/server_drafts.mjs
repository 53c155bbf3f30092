// A real llama-server that drafts, or Ollama's API before it: for a target of the endpoint, and for one on a peer. It is killed
// in mid-answer, comes back, and comes back with another vocabulary; every answer is the target's own.
// Usage: node server_drafts.mjs TIGHTWAD LLAMA_SERVER MAKE_MODEL llama-server|Ollama
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../support/free_port.mjs';
import { models } from './models.mjs';
import { comesTrue, config, healthy, home, launch, pipeline, program, run, test, url, words } from './pool_machines.mjs';

const [, , , llamaServer, maker, kind] = process.argv;
const ports = { draft: await freePort(), llama: await freePort(), front: await freePort(), alone: await freePort(), peer: await freePort() };

// Dear enough for the drafts of a small model to pay, so that the policy has no reason to be silent.
const inflated = join(home, 'inflated.gguf');
const engine = `plugin = "llamacpp"\nmodel_path = "${inflated}"\ncontext = 256\nslots = 4\nthreads = 1\n`;
const far = `plugin = "llamacpp"\nurl = "tw://127.0.0.1:${ports.peer}"\nmodel = "large"\ntoken = { env = "TIGHTWAD_PEER_TOKEN" }\n`;
const drafted = (port, target, more = '') => `[server]\nlisten = "127.0.0.1:${port}"\n[backend.t]\n${target}` +
  `[backend.d]\n${kinds[kind].backend}[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n${more}`;

// It streams whether or not it owns a core here, so that there is something to lose.
const streaming = { TIGHTWAD_DRAFTING: 'streaming' };
const serve = (name, text) => launch(name, program, ['serve', '-c', config(name, text)], streaming);

let starts = 0;
async function llama(model, port) {
  const one = launch(`llama-${++starts}`, llamaServer, ['-m', join(models, model), '-c', '1024', '-np', '2', '-t', '1', '--no-webui',
    '--host', '127.0.0.1', '--port', String(port)]);
  await comesTrue(`the llama-server with ${model}`, () => healthy(port));
  return one;
}

// Every second one is of a version that has no log probabilities.
async function ollama(model) {
  const behind = await llama(model, ports.llama);
  const one = launch(`ollama-${starts}`, process.execPath, [new URL('ollama_api.mjs', import.meta.url).pathname], { OLLAMA_PORT: String(ports.draft),
    LLAMA_URL: url(ports.llama), OLLAMA_MODEL: join(models, model), OLLAMA_LOGPROBS: starts % 2 ? 'yes' : 'no' });
  await comesTrue('the Ollama', () => fetch(`${url(ports.draft)}/api/version`).then((answer) => answer.ok, () => false));
  return { kill: async (signal) => { await one.kill(signal); await behind.kill(signal); } };
}

const kinds = {
  'llama-server': { backend: `plugin = "llamacpp"\nurl = "${url(ports.draft)}"\n`, start: (model) => llama(model, ports.draft) },
  Ollama: { backend: `plugin = "ollama"\nurl = "${url(ports.draft)}"\nmodel = "stories"\n`, start: ollama },
};
const draftServer = (model) => kinds[kind].start(model);

const ask = (i) => ({ model: 'story', prompt: `Once upon a time number ${i}, there was`, max_tokens: 48, temperature: i % 2, seed: 100 + i,
  stream: true, logit_bias: { 2: -100 } });

// The text of a stream; `act` is done when its first piece comes.
async function answer(port, i, act = async () => {}) {
  const response = await fetch(`${url(port)}/v1/completions`, { method: 'POST', body: JSON.stringify(ask(i)),
    headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(120_000) });
  const decoder = new TextDecoder();
  let all = '', acted;
  for await (const bytes of response.body) {
    all += decoder.decode(bytes, { stream: true });
    if (all.includes('"text":"')) acted ??= act();
  }
  await acted;
  let text = '';
  for (const event of all.split('\n\n')) {
    if (!event.startsWith('data: ') || event === 'data: [DONE]') continue;
    const chunk = JSON.parse(event.slice(6));
    assert.equal(chunk.error, undefined, all.slice(-500));
    text += chunk.choices?.[0]?.text ?? '';
  }
  return text;
}

const truth = [];
const equal = async (i, act) => assert.equal(await answer(ports.front, i, act), truth[i], `answer ${i}`);
const here = (speculation) => speculation?.estimates?.drafters?.[0]?.here ?? false;
const accepted = (page) => page?.stats?.sources?.model?.accepted ?? 0;

// All that can befall a drafter, told by what `look` finds: the part of the status that has speculation and stats.
async function lives(look, name) {
  const there = async () => comesTrue('the drafter here', async () => here((await look())?.speculation));
  // A server that had drafted all of an answer is missed by the next one.
  const gone = async () => comesTrue('the drafter away', async () => {
    if (!here((await look())?.speculation)) return true;
    await equal(3);
    return false;
  });
  const drafts = async () => {
    const before = accepted(await look());
    // In turn a greedy answer and one that is not: where tokens are not graded, drafts for the second alone need not pay.
    let turn = 0;
    await comesTrue('accepted drafts', async () => {
      await equal(turn++ % 2);
      return accepted(await look()) > before;
    });
  };
  let server = await draftServer('stories15m-q4_0.gguf');
  await there();
  await Promise.all([equal(0), equal(1)]);
  await drafts();
  console.log(`ok ${name}: a ${kind} drafts, ${accepted(await look())} tokens accepted so far, every answer the target's own`);

  await equal(2, () => server.kill('SIGKILL'));
  await gone();
  await equal(3);
  server = await draftServer('stories15m-q4_0.gguf');
  await there();
  await drafts();
  console.log(`ok ${name}: killed in mid-answer, nothing was lost; back, it drafts again`);

  await equal(3, () => server.kill('SIGKILL'));
  await gone();
  server = await draftServer('minimind2-vocabulary.gguf');
  await comesTrue('the refusal in the log', () => /6400 tokens.*32000 tokens.*different vocabularies/.test(words(name)));
  assert.equal(here((await look()).speculation), false);
  await equal(0);
  console.log(`ok ${name}: another vocabulary is not believed`);
  return server;
}

async function main() {
  execFileSync(maker, ['inflate', join(models, 'stories15m-q8_0.gguf'), inflated, '60'], { stdio: 'ignore' });
  const alone = serve('alone', `[server]\nlisten = "127.0.0.1:${ports.alone}"\n[backend.t]\n${engine}[pipeline.p]\nserves = ["story"]\ntarget = "t"\n`);
  await comesTrue('the target alone', () => healthy(ports.alone));
  for (let i = 0; i < 4; ++i) truth.push(await answer(ports.alone, i));
  assert.equal(await alone.kill('SIGTERM'), 0);

  // The server comes after the endpoint.
  const front = serve('front', drafted(ports.front, engine));
  await comesTrue('the endpoint', () => healthy(ports.front));
  await equal(0);
  const stranger = await lives(() => pipeline(ports.front), 'front');
  assert.equal(await front.kill('SIGTERM'), 0);

  const refused = await run('refused', ['serve', '-c', config('refused', drafted(ports.front, engine, 'fallback = false\n'))]);
  assert.equal(refused.code, 1);
  assert.match(refused.out + refused.err, /The draft 'd' \(6400 tokens\) and the target 't' \(32000 tokens\) have different vocabularies/);
  console.log('ok another vocabulary is refused at the start');
  await stranger.kill('SIGKILL');

  const peer = launch('peer', program, ['peer', 'start', '-c', config('peer',
    `[peer]\nlisten = "127.0.0.1:${ports.peer}"\nmachine = "den"\ntargets = ["large"]\n[backend.large]\n${engine}`)], streaming);
  const lending = serve('lending', drafted(ports.front, far));
  await comesTrue('the endpoint before a peer', () => healthy(ports.front));
  await comesTrue('its target', async () => (await pipeline(ports.front)).up);
  const last = await lives(async () => (await pipeline(ports.front)).remote?.pipeline, 'lending');
  assert.equal(await lending.kill('SIGTERM'), 0);
  assert.equal(await peer.kill('SIGTERM'), 0);
  await last.kill('SIGKILL');
}

const servers = [1, 2, 3, 4, 5, 6].flatMap((i) => [`llama-${i}`, `ollama-${i}`]);
await test(main, ['front', 'lending', 'peer', ...servers]);
