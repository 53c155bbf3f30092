// A mixture of experts over a pool: stories15M made one whose experts are all the same, so that its answers are known
// wherever the experts lie. Usage: node experts.mjs TIGHTWAD MAKE_MODEL RPC_SERVER
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/free_port.mjs';
import { models } from './models.mjs';

const [program, makeModel, rpcServer] = process.argv.slice(2);
const dense = join(models, 'stories15m-f32.gguf');
const home = mkdtempSync(join(tmpdir(), 'tightwad-experts-'));
const running = new Set();

function launch(name, command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TIGHTWAD_STATE: join(home, 'state') } });
  const out = createWriteStream(join(home, `${name}.log`));
  child.stdout.pipe(out);
  child.stderr.pipe(out);
  running.add(child);
  return child;
}

async function end(child) {
  child.kill('SIGTERM');
  await once(child, 'exit');
  running.delete(child);
}

// Until somebody listens there.
async function reached(port) {
  for (const until = Date.now() + 20_000; Date.now() < until; await pause(25)) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((done) => { socket.once('connect', () => done(true)).once('error', () => done(false)); });
    socket.destroy();
    if (open) return;
  }
  assert.fail(`nobody listens on port ${port}`);
}

const body = JSON.stringify({ model: 'story', prompt: 'Once upon a time, there was', max_tokens: 60, temperature: 0 });

// What the endpoint of this configuration answers.
async function told(name, text) {
  const port = await freePort();
  const file = join(home, `${name}.toml`);
  writeFileSync(file, `schema = 1\n[server]\nlisten = "127.0.0.1:${port}"\n${text}[pipeline.p]\nserves = ["story"]\ntarget = "t"\n`);
  const served = launch(name, program, ['serve', '-c', file]);
  const url = `http://127.0.0.1:${port}`;
  const up = async () => {
    const page = await fetch(`${url}/v1/tightwad/status`).then((answer) => answer.json(), () => null);
    return page?.pipelines?.[0] && page.pipelines[0].up !== false;
  };
  for (const until = Date.now() + 120_000; !(await up()); await pause(50)) {
    assert.equal(served.exitCode, null, `${name} ended`);
    assert.ok(Date.now() < until, `${name} is not up`);
  }
  const answer = await (await fetch(`${url}/v1/completions`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).json();
  await end(served);
  assert.ok(answer.choices, JSON.stringify(answer));
  return { text: answer.choices[0].text, file };
}

async function main() {
  const model = join(home, 'mixture.gguf');
  assert.equal(spawnSync(makeModel, ['mix', dense, model, '4']).status, 0);
  const backend = (path, more = '') => `[backend.t]\nplugin = "llamacpp"\nmodel_path = "${path}"\ncontext = 256\nslots = 1\nthreads = 1\n${more}`;
  const { text } = await told('dense', backend(dense));
  assert.ok(text.length > 50, text);
  assert.equal((await told('alone', backend(model))).text, text);
  console.log('ok four experts that are all the same answer as the dense model');

  const servers = [await freePort(), await freePort()];
  const start = () => servers.map((port, i) => launch(`rpc${i}`, rpcServer, ['-H', '127.0.0.1', '-p', String(port), '-t', '1']));
  let workers = start();
  const pool = (experts) => `pool = "den"\n[pool.den]\nplugin = "rpc-coordinator"\nworkers = [ ` +
    servers.map((port, i) => `{ host = "127.0.0.1", rpc_port = ${port}, device = "CPU", vram = "1GB"${experts[i]} }`).join(', ') + ' ]\n';
  const inspected = (file) => JSON.parse(spawnSync(program, ['inspect', model, '--plan', '--json', '-c', file], { encoding: 'utf8' }).stdout).plans[1].shares;

  assert.equal((await told('layers', backend(model, pool(['', ''])))).text, text);
  const far = await told('far', backend(model, pool(['', ', experts = "0-1,5"'])));
  assert.equal(far.text, text);
  assert.deepEqual(inspected(far.file)[1].experts_of, [0, 1]); // those of 5 are there with their layer
  assert.deepEqual(inspected(far.file)[0].experts_away, [0, 1]);
  assert.equal((await told('here', backend(model, `cpu_moe = -1\n${pool(['', ''])}`))).text, text);
  assert.equal((await told('both', backend(model, `cpu_moe = 4\n${pool([', experts = "2"', ''])}`))).text, text);
  console.log('ok experts on another worker, on this machine, and on both: the same answer');

  // All layers on the first worker, their experts on both by what is free. New rpc-servers, so that the most memory that
  // the second one ever had is what it was given.
  for (const one of workers) await end(one);
  workers = start();
  const peak = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${workers[1].pid}/status`, 'utf8'))[1]) * 1024;
  await reached(servers[1]);
  const before = peak();
  const balanced = await told('balanced', backend(model, `tensor_split = "1,0"\n${pool([', experts = "balanced"', ', experts = "balanced"'])}`));
  assert.equal(balanced.text, text);
  const [first, second] = inspected(balanced.file);
  assert.ok(first.layers === 6 && second.layers === 0 && second.experts_of.length > 1, JSON.stringify([first, second]));
  assert.deepEqual(first.experts_away, second.experts_of);
  const taken = peak() - before, oneLayer = second.weight_bytes / second.experts_of.length;
  assert.ok(Math.abs(taken - second.weight_bytes) < oneLayer, `${taken} bytes more, and ${second.weight_bytes} are planned`);
  console.log('ok experts that are balanced lie where the plan has them: the same answer');

  // The first worker has room for the attention of all layers and for the experts of some; `plan` measures both and says
  // which experts the other one should hold. Served so, the answer is the same.
  const tight = (experts) => backend(model, `tensor_split = "1,0"\n${pool(['', experts]).replace('1GB', '45MB')}`);
  const asked = join(home, 'asked.toml');
  writeFileSync(asked, `schema = 1\n${tight('')}[pipeline.p]\nserves = ["story"]\ntarget = "t"\n`);
  const planned = spawnSync(program, ['plan', '-c', asked, '--json', '--force'], { encoding: 'utf8', timeout: 120_000 });
  assert.equal(planned.status, 0, planned.stderr);
  const [den] = JSON.parse(planned.stdout).pools;
  assert.deepEqual(den.shares.map((one) => one.fits), [false, true, true]);
  const [kept, given] = den.better_experts;
  assert.ok(kept.length === 0 && given.length >= 2, JSON.stringify(den.better_experts));
  const words = spawnSync(program, ['plan', '-c', asked, '--force'], { encoding: 'utf8', timeout: 120_000 }).stdout;
  const [, advice] = /^(experts = "[^"]+") in 127\.0\.0\.1:\d+: by the measured speeds/m.exec(words);
  const advised = await told('advised', tight(`, ${advice}`));
  assert.equal(advised.text, text);
  assert.ok(inspected(advised.file).every((one) => one.fits), JSON.stringify(inspected(advised.file)));
  console.log(`ok experts where a plan wants them, ${advice}: all fits, the same answer`);
  for (const one of workers) await end(one);
}

try {
  await main();
  rmSync(home, { recursive: true });
} catch (failure) {
  for (const name of ['dense', 'alone', 'layers', 'far', 'here', 'both', 'balanced', 'state/logs/pool-t'])
    try {
      console.error(`--- ${name}\n${readFileSync(join(home, `${name}.log`), 'utf8').split('\n').slice(-20).join('\n')}`);
    } catch { /* never started */ }
  for (const child of running) child.kill('SIGKILL');
  throw failure;
}
