// A pool whose worker is another machine behind a peer, scanned from outside while it is up. Run by port_scan.sh in a
// network namespace with a link to the worker's. Usage: node port_scan.mjs TIGHTWAD RPC_SERVER WORKERS_NAMESPACE
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free_port.mjs';
import { answer, ask, comesTrue, config, engine, fingerprint, healthy, isUp, launch, program, rpcServer, test } from './pool_machines.mjs';

const namespace = process.argv[4];
const [worker, coordinator] = ['10.99.1.2', '10.99.1.1'];
const [peerPort, rpcPort, openPort] = [9191, 50052, 50053];
const onWorker = (name, command, args) => launch(name, 'ip', ['netns', 'exec', namespace, command, ...args]);
const scanner = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'scan_ports.mjs');
const run = promisify(execFile);
const seenFromHere = async () => JSON.parse((await run('node', [scanner, worker])).stdout);
const seenFromWorker = async () => JSON.parse((await run('ip', ['netns', 'exec', namespace, 'node', scanner, coordinator])).stdout);

const accepts = (port) => new Promise((done) => {
  const socket = connect(port, worker, () => { socket.destroy(); done(true); }).on('error', () => done(false));
});

// The status of the peer's answer to who asks for a tunnel.
const tunnel = (headers) => new Promise((done, failed) => {
  request({ host: worker, port: peerPort, path: `/v1/tunnel/rpc/${rpcPort}`, headers, rejectUnauthorized: false },
    (reply) => { reply.resume(); done(reply.statusCode); }).on('error', failed).end();
});

async function main() {
  const peer = onWorker('peer', program, ['peer', 'start', '-c', config('peer',
    `[peer]\nlisten = "0.0.0.0:${peerPort}"\ntoken = { env = "TIGHTWAD_PEER_TOKEN" }\nmachine = "worker"\nrpc_threads = 1\nrpc_server = "${rpcServer}"\n`)]);
  const print = await fingerprint('peer');
  const port = await freePort();
  const file = config('proxy', `[server]\nlisten = "127.0.0.1:${port}"\n[backend.t]\n${engine('stories15m-q4_0.gguf')}pool = "den"\n` +
    `[pipeline.p]\nserves = ["story"]\ntarget = "t"\n[pool.den]\nplugin = "rpc-coordinator"\nworkers = [ { url = "tws://${worker}:${peerPort}", ` +
    `rpc_port = ${rpcPort}, device = "CPU", token = { env = "TIGHTWAD_PEER_TOKEN" }, fingerprint = "${print}" } ]\n`);
  const proxy = launch('proxy', program, ['serve', '-c', file]);
  await comesTrue('the endpoint', () => healthy(port));
  await comesTrue('the pool', () => isUp(port));
  assert.equal((await answer(port, ask(0))).status, 200);

  assert.deepEqual(await seenFromHere(), [peerPort]);
  assert.deepEqual(await seenFromWorker(), []);
  const own = createServer().listen(openPort, '0.0.0.0');
  assert.deepEqual(await seenFromWorker(), [openPort]);
  own.close();
  console.log('ok of a worker only the peer\'s port is open, of the coordinator none');
  assert.equal(await tunnel({}), 401);
  assert.equal(await tunnel({ authorization: 'Bearer a-wrong-token' }), 401);
  console.log('ok the peer opens no tunnel without its token');

  const open = onWorker('open', rpcServer, ['-H', '0.0.0.0', '-p', String(openPort), '-t', '1']);
  await comesTrue('an rpc-server in the open', () => accepts(openPort));
  assert.deepEqual(await seenFromHere(), [peerPort, openPort]);
  console.log('ok the scan would have found an rpc-server');
  await open.kill('SIGTERM');
  assert.equal(await proxy.kill('SIGTERM'), 0);
  await peer.kill('SIGTERM');
}

await test(main, ['peer', 'proxy', 'proxy/logs/pool-t', 'open']);
