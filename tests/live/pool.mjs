// A model over two real ggml-rpc-servers, each behind a peer of its own on loopback, with a draft on top.
// Workers are killed while decoding and while idle: the endpoint stays, says why within seconds, and serves
// again by itself. Usage: node pool.mjs TIGHTWAD RPC_SERVER. Needs a build whose engine has the RPC backend.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, comesTrue, config, engine, fingerprint, goesDown, healthy, isUp, launch, localUrl, pipeline, program,
  rpcOf, rpcPid, startPeer, test, url, worker } from './pool_machines.mjs';
import { findings, makesNoEmbeddings, unanswered } from './questions.mjs';

const ports = {};
for (const name of ['attic', 'cellar', 'rpcA', 'rpcB', 'proxy', 'local', 'near']) ports[name] = await freePort();
const start = (name) => startPeer(name, ports[name]);
const now = () => pipeline(ports.proxy);
const up = () => isUp(ports.proxy);
const down = (what, act) => goesDown(ports.proxy, what, act);

// Passes on to that port and counts what comes home from there.
function counter(to) {
  const way = { bytes: 0, port: 0 };
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    far.on('data', (bytes) => { way.bytes += bytes.length; });
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).pipe(other);
  }).listen(0, '127.0.0.1');
  server.unref();
  way.port = once(server, 'listening').then(() => server.address().port);
  return way;
}

async function main() {
  let attic = start('attic'), cellar = start('cellar');
  const prints = { attic: await fingerprint('attic'), cellar: await fingerprint('cellar') };
  const wayHome = counter(ports.cellar); // the last worker's way home
  ports.cellarWay = await wayHome.port;
  const workers = (way) => `workers = [ ${worker(prints.attic, ports.attic, ports.rpcA)}, ${worker(prints.cellar, ports[way], ports.rpcB)} ]\n`;
  const pool = `[pool.den]\nplugin = "rpc-coordinator"\n${workers('cellar')}`;
  const counted = (output) => `[pool.den]\nplugin = "rpc-coordinator"\noutput = "${output}"\n${workers('cellarWay')}`;
  const file = config('proxy', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${engine('stories15m-f32.gguf')}pool = "den"\n` +
    `[backend.d]\n${engine('stories15m-q4_0.gguf')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\ndraft = ["d"]\n${pool}`);
  const local = (output) => config('local', `[server]\nlisten = "127.0.0.1:${ports.local}"\n[backend.t]\n${engine('stories15m-f32.gguf')}pool = "den"\n` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\n${counted(output)}`);

  // The pool alone says what every answer must be; and a row brings home a number a word only where the output layer is
  // the last worker's.
  const truth = [];
  for (const output of ['last-worker', 'coordinator']) {
    const alone = launch('local', program, ['serve', '-c', local(output)]);
    await comesTrue(`the pool alone, output = ${output}`, () => healthy(ports.local));
    truth.length = 0;
    const before = wayHome.bytes;
    for (let i = 0; i < 6; ++i) truth.push((await answer(ports.local, ask(i))).text);
    assert.ok(truth.every((text) => text.length > 20), JSON.stringify(truth));
    const perToken = (wayHome.bytes - before) / (6 * ask(0).max_tokens), logits = 32000 * 4;
    assert.ok(output === 'coordinator' ? perToken < logits / 8 : perToken > logits, `${output}: ${perToken} bytes a token`);
    const page = await pipeline(ports.local);
    assert.equal(page.pool.output, output);
    assert.match(page.target.device, output === 'coordinator' ? /output layer on CPU/ : /output layer on the last of them/);
    assert.equal(await alone.kill('SIGTERM'), 0);
  }
  console.log('ok a model over two rpc-servers answers, and its output layer is where the pool says');

  const drafted = async (env) => {
    const started = launch('proxy', program, ['serve', '-c', file], env);
    await comesTrue('the endpoint', () => healthy(ports.proxy));
    await comesTrue('the pool', up);
    await comesTrue('a drafter', async () => (await now()).remote?.pipeline?.speculation?.estimates?.drafters?.some((one) => one.here));
    return started;
  };
  const equal = async () => {
    for (let i = 0; i < 6; ++i) {
      const got = await answer(ports.proxy, ask(i));
      assert.equal(got.text, truth[i], `answer ${i}: ${JSON.stringify(got.error)}`);
    }
  };
  const held = await drafted({ TIGHTWAD_PASS_SHAPE: 'held' });
  await equal();
  assert.equal(await held.kill('SIGTERM'), 0);
  console.log('ok with passes of one shape the answers are the same');

  const proxy = await drafted({});
  await equal();
  await comesTrue('accepted drafts', async () => (await answer(ports.proxy, ask(0))) && (await now()).remote.pipeline.stats.sources.model.accepted > 0);
  console.log('ok with a draft on top the answers are the same, and drafts are accepted');

  const post = async (path, body) => (await fetch(`${url(ports.proxy)}${path}`, { method: 'POST',
    body: JSON.stringify({ model: 'story', seed: 1, ...body }), headers: { 'content-type': 'application/json' } })).json();
  const json_schema = { type: 'object', properties: { n: { type: 'integer', minimum: 1, maximum: 99 } }, required: ['n'], additionalProperties: false };
  const formed = await post('/v1/completions', { prompt: 'Once upon a time', max_tokens: 40, json_schema });
  assert.equal(typeof JSON.parse(formed.choices?.[0].text ?? JSON.stringify(formed)).n, 'number');
  const likely = await post('/v1/completions', { prompt: 'Once upon a time', max_tokens: 5, logprobs: 2, echo: true });
  assert.ok(likely.choices[0].logprobs.token_logprobs.length > 5, JSON.stringify(likely));
  const tools = [{ type: 'function', function: { name: 'f', parameters: json_schema } }];
  const called = await post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], max_tokens: 60, tools, tool_choice: 'required' });
  const [call] = called.choices?.[0].message.tool_calls ?? [];
  assert.equal(typeof JSON.parse(call?.function.arguments ?? JSON.stringify(called)).n, 'number');
  console.log('ok a form, a call and log probabilities come over the pool');

  // The same model in the process of an endpoint.
  const near = launch('near', program, ['serve', '-c', config('near', `[server]\nlisten = "127.0.0.1:${ports.near}"\n[backend.t]\n` +
    `${engine('stories15m-f32.gguf')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\n`)]);
  await comesTrue('the model without a pool', () => healthy(ports.near));
  const known = await findings(url(ports.near), 'story');
  assert.equal(await near.kill('SIGTERM'), 0);
  const found = async () => assert.deepEqual(await findings(url(ports.proxy), 'story'), known);
  await found();
  await makesNoEmbeddings(url(ports.proxy), 'story');
  console.log('ok tokens, counts and properties are found over the pool as without one');

  const [idle, why] = await down('an idle worker was killed', async () => process.kill(await rpcPid('attic', ports.rpcA), 'SIGKILL'));
  assert.match(why, /127\.0\.0\.1:\d+/);
  await comesTrue('the pool again', up);
  await equal();
  console.log(`ok a worker killed while idle: down after ${idle} ms, back by itself`);

  const long = answer(ports.proxy, { ...ask(1), max_tokens: 200 });
  await comesTrue('an answer that runs', async () => (await now()).running > 0);
  const [busy] = await down('a decoding worker was killed', async () => process.kill(await rpcPid('cellar', ports.rpcB), 'SIGKILL'));
  const cut = await long;
  assert.ok(cut.error, `an answer whose worker died says so: ${JSON.stringify(cut)}`);
  await comesTrue('the pool again', up);
  await equal();
  console.log(`ok a worker killed while decoding: down after ${busy} ms, the answer ended in an error, back by itself`);

  const [gone, whyGone] = await down('a whole machine was killed', () => cellar.kill('SIGKILL'));
  assert.match(await unanswered(url(ports.proxy), 'story'), /pool "den" is down/);
  await comesTrue('an attempt to start without it, told in words', async () => {
    const { status, error } = await answer(ports.proxy, ask(0));
    return status === 503 && error.message.includes(`127.0.0.1:${ports.cellar}`) && error.message.includes('peer start');
  });
  cellar = start('cellar');
  await comesTrue('the pool again', up);
  await equal();
  await found();
  console.log(`ok a machine that went away: down after ${gone} ms (${whyGone}), named while it is missing, back by itself`);

  // Nobody gets at an rpc-server but through the tunnel.
  const stranger = await fetch(`${localUrl('attic')}/v1/tunnel/rpc/${ports.rpcA}`);
  assert.equal(stranger.status, 401);
  assert.equal(await proxy.kill('SIGTERM'), 0);
  await comesTrue('no engine left behind', async () => (await rpcOf('attic')).every((one) => one.state === 'running' || one.code !== undefined));
  for (const one of [attic, cellar]) await one.kill('SIGTERM');
  console.log('ok all ended in order');
}

await test(main, ['attic', 'cellar', 'local', 'near', 'proxy', 'proxy/logs/pool-t', 'local/logs/pool-t']);
