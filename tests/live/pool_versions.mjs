// A worker whose rpc-server computes with another ggml than the endpoint, played by a copy of the right one whose library
// is called otherwise. Usage: node pool_versions.mjs TIGHTWAD RPC_SERVER
import assert from 'node:assert/strict';
import { cpSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, comesTrue, config, engine, fingerprint, home, isUp, launch, pipeline, program, rpcServer, run, test, worker, words }
  from './pool_machines.mjs';

function otherRpcServer() {
  const folder = join(home, 'other');
  for (const part of ['bin', 'lib']) cpSync(join(dirname(rpcServer), '..', part), join(folder, part), { recursive: true, verbatimSymlinks: true });
  const libraries = join(folder, 'lib');
  const base = readdirSync(libraries).find((name) => /^libggml-base\.so\.\d+\.\d+\.\d+$/.test(name));
  assert.ok(base, 'the engine has a libggml-base with its version in its name');
  renameSync(join(libraries, base), join(libraries, 'libggml-base.so.0.1.2'));
  const link = readdirSync(libraries).find((name) => /^libggml-base\.so\.\d+$/.test(name));
  unlinkSync(join(libraries, link));
  symlinkSync('libggml-base.so.0.1.2', join(libraries, link));
  return { program: join(folder, 'bin', 'ggml-rpc-server'), right: /(\d+\.\d+\.\d+)$/.exec(base)[1] };
}

async function main() {
  const ports = { peer: await freePort(), rpc: await freePort(), proxy: await freePort() };
  const other = otherRpcServer();
  const peer = launch('peer', program, ['peer', 'start', '-c', config('peer', `[peer]\nlisten = "127.0.0.1:${ports.peer}"\nmachine = "attic"\n` +
    `token = { env = "TIGHTWAD_PEER_TOKEN" }\ntls = true\nrpc_threads = 1\nrpc_server = "${other.program}"\n`)]);
  const file = config('proxy', `[server]\nlisten = "127.0.0.1:${ports.proxy}"\n[backend.t]\n${engine('stories15m-q4_0.gguf')}pool = "den"\n` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\n[pool.den]\nplugin = "rpc-coordinator"\n` +
    `workers = [ ${worker(await fingerprint('peer'), ports.peer, ports.rpc)} ]\n`);
  const serve = async (...more) => {
    const proxy = launch('proxy', program, ['serve', '-c', file, ...more]);
    await comesTrue('the pool', () => fetch(`http://127.0.0.1:${ports.proxy}/v1/tightwad/status`).then(() => isUp(ports.proxy), () => false).catch(() => false));
    return proxy;
  };

  const warned = await serve();
  await comesTrue('a warning in the status', async () => (await pipeline(ports.proxy)).pool.warnings.length === 1, 20);
  const [warning] = (await pipeline(ports.proxy)).pool.warnings;
  assert.match(warning, new RegExp(`worker 127\\.0\\.0\\.1:${ports.rpc} computes with ggml 0\\.1\\.2, .* ggml ${other.right.replaceAll('.', '\\.')}:`));
  assert.match(words('proxy'), /event=pool_warning/);
  assert.match((await run('proxy', ['status', '-c', file])).out, /warning: The rpc-server of the worker/);
  assert.equal((await answer(ports.proxy, ask(0))).status, 200);
  assert.equal(await warned.kill('SIGTERM'), 0);
  console.log(`ok ${warning}`);

  const skipped = await serve('--skip-version-check');
  assert.equal((await answer(ports.proxy, ask(0))).status, 200); // by then it would have asked
  assert.deepEqual((await pipeline(ports.proxy)).pool.warnings, []);
  assert.equal(await skipped.kill('SIGTERM'), 0);
  await peer.kill('SIGTERM');
  console.log('ok --skip-version-check asks nobody');
}

await test(main, ['peer', 'proxy', 'proxy/logs/pool-t']);
