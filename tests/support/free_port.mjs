// A port of loopback for a server that must be told which. Below those that a system gives to whoever asks for any (32768 and
// up on Linux), so that nobody is given it before the server starts; processes that run at once search from places of their
// own. Run as a program it prints one.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const first = 10_000, count = 22_400, each = 16;
let next = process.pid * each;

export async function freePort() {
  for (let tried = 0; tried < count; tried++) {
    const port = first + next++ % count;
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch {
      continue; // somebody listens there
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
  throw new Error(`no port from ${first} to ${first + count - 1} is free on 127.0.0.1`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await freePort());
