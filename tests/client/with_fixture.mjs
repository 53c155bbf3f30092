// Starts the fixture server, runs client.mjs against it, ends both: node with_fixture.mjs FIXTURE
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url)));
if (!Object.keys(dependencies).every((name) => existsSync(new URL(`node_modules/${name}`, import.meta.url)))) {
  console.log('skipped: run "npm ci" in tests/client first');
  process.exit(77);
}
const fixture = spawn(process.argv[2], { stdio: ['pipe', 'pipe', 'inherit'] });
const [url] = await new Promise((resolve, reject) => {
  createInterface({ input: fixture.stdout }).once('line', (line) => resolve([line]));
  fixture.once('exit', (code) => reject(new Error(`the fixture ended early (${code})`)));
});
const client = spawn(process.execPath, [fileURLToPath(new URL('client.mjs', import.meta.url))], {
  stdio: 'inherit',
  env: { ...process.env, TIGHTWAD_URL: url, TIGHTWAD_TOKEN: 'fixture-token', TIGHTWAD_MODEL: 'org/model-1' },
});
const clientCode = await new Promise((resolve) => client.once('exit', (code, signal) => resolve(code ?? signal)));
if (clientCode !== 0) console.log(`the clients ended with ${clientCode}`);
fixture.stdin.end();
fixture.removeAllListeners('exit');
const fixtureCode = await new Promise((resolve) => fixture.once('exit', resolve));
if (fixtureCode !== 0) console.log(`the fixture ended with ${fixtureCode}`);
process.exit(clientCode === 0 && fixtureCode === 0 ? 0 : 1);
