// Prints the TCP ports of a machine that are open, as JSON. Usage: node scan_ports.mjs ADDRESS
import { connect } from 'node:net';

const [address] = process.argv.slice(2);
const open = [];
let next = 1;

const knock = (port) => new Promise((done) => {
  const socket = connect({ port, host: address });
  socket.setTimeout(3000, () => socket.destroy());
  socket.on('connect', () => { open.push(port); socket.destroy(); });
  socket.on('error', () => {});
  socket.on('close', done);
});

async function scan() {
  while (next <= 65535) await knock(next++);
}

await Promise.all(Array.from({ length: 200 }, scan));
console.log(JSON.stringify(open.sort((a, b) => a - b)));
