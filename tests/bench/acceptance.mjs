// Judges how often drafter and target agree at temperature 1, from the raw logits that bench_logits recorded: against
// the exact expectation of the shared-noise coupling. Shares no code with what it judges.
// acceptance.mjs RECORD... (RECORD.f32 and RECORD.jsonl each) | acceptance.mjs --self-test
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';

const softmax = (logits, temperature) => {
  let max = -Infinity;
  for (const l of logits) if (l > max) max = l;
  const p = Float64Array.from(logits, (l) => Math.exp((l - max) / temperature));
  let sum = 0;
  for (const x of p) sum += x;
  return p.map((x) => x / sum);
};

// Gumbel noise shared by both sides is the race of exponential clocks E_y: ln p_y - ln E_y is largest where E_y / p_y
// is least. Both sides pick x when E_y >= E_x max(p_y/p_x, q_y/q_x) for all y; given E_x = t, that has the probability
// exp(-t sum_{y!=x} max(...)), and integrating exp(-t) over t gives 1 / sum_y max(p_y/p_x, q_y/q_x), as the term of
// y = x is 1. The left ratio is the larger one exactly when p_y/q_y >= p_x/q_x, so in the order of p/q the sum is
// (p of x and all after it) / p_x + (q of all before it) / q_x: two running sums, O(V log V) in all.
const agreement = (p, q) => {
  const ratio = p.map((x, i) => (x === 0 && q[i] === 0 ? 0 : x / q[i]));
  const order = Uint32Array.from(p, (_, i) => i).sort((a, b) => ratio[a] - ratio[b]);
  const after = new Float64Array(p.length + 1);
  for (let i = p.length - 1; i >= 0; i--) after[i] = after[i + 1] + p[order[i]];
  let sum = 0;
  let before = 0;
  order.forEach((x, i) => {
    if (p[x] > 0 && q[x] > 0) sum += 1 / (after[i] / p[x] + before / q[x]);
    before += q[x];
  });
  return sum;
};

// One position: what each rule expects there.
const judge = (p, q) => {
  let tv = 0;
  let independent = 0;
  let best = 0;
  for (let i = 0; i < p.length; i++) {
    tv += Math.abs(p[i] - q[i]) / 2;
    independent += p[i] * q[i];
    if (q[i] > q[best]) best = i;
  }
  return { expected: agreement(p, q), oneMinusTv: 1 - tv, independent, argmax: p[best] };
};

class Sum {
  n = 0; observed = 0; expected = 0; variance = 0; oneMinusTv = 0; independent = 0; argmax = 0;

  add(position, agreed) {
    this.n++;
    this.observed += agreed ? 1 : 0;
    this.expected += position.expected;
    this.variance += position.expected * (1 - position.expected);
    for (const key of ['oneMinusTv', 'independent', 'argmax']) this[key] += position[key];
  }

  join(other) {
    for (const key of Object.keys(this)) this[key] += other[key];
  }

  // Given what came before, each agreement is a coin of its own: the differences form a martingale.
  get z() { return (this.observed - this.expected) / Math.sqrt(this.variance); }

  rate(key) { return (this[key] / this.n).toFixed(4); }
}

const read = (record) => {
  const [header, ...lines] = fs.readFileSync(`${record}.jsonl`, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const file = fs.openSync(`${record}.f32`, 'r');
  const bytes = header.vocabulary * 4;
  assert.equal(fs.fstatSync(file).size, lines.length * 2 * bytes, `${record}.f32 does not hold two rows per line`);
  const row = (index) => {
    const buffer = new ArrayBuffer(bytes);
    assert.equal(fs.readSync(file, new Uint8Array(buffer), 0, bytes, index * bytes), bytes);
    return softmax(new Float32Array(buffer), header.temperature);
  };
  const sum = new Sum();
  lines.forEach((line, i) => sum.add(judge(row(2 * i), row(2 * i + 1)), line.target === line.draft));
  fs.closeSync(file);
  return [header.name, sum];
};

const selfTest = () => {
  let state = 12345;
  const random = () => { // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  const logits = (n, width) => Array.from({ length: n }, () => (random() - 0.5) * width);
  const noise = (n) => Array.from({ length: n }, () => -Math.log(-Math.log(random())));
  const pick = (l, g) => l.reduce((best, x, i) => (x + g[i] > l[best] + g[best] ? i : best), 0);
  const bruteForce = (p, q) => p.reduce((sum, _, x) =>
    sum + 1 / p.reduce((all, _, y) => all + Math.max(p[y] / p[x], q[y] / q[x]), 0), 0);

  for (const n of [2, 5, 40, 700]) {
    const [p, q] = [softmax(logits(n, 8), 1), softmax(logits(n, 8), 1)];
    const { expected, oneMinusTv } = judge(p, q);
    assert.ok(Math.abs(expected - bruteForce(p, q)) < 1e-12, `n = ${n}: not the sum over all pairs`);
    assert.ok(expected <= oneMinusTv + 1e-12 && expected >= oneMinusTv / (2 - oneMinusTv) - 1e-12, `n = ${n}: bounds`);
    assert.ok(Math.abs(agreement(p, p) - 1) < 1e-12);
  }
  assert.equal(agreement(new Float64Array([1, 0]), new Float64Array([0, 1])), 0);
  assert.equal(agreement(new Float64Array([0.5, 0.5, 0]), new Float64Array([0.5, 0.5, 0])), 1);

  // A simulated record: the coupling is within its expectation; another rule and other noise are found out.
  const [shared, apart, optimum] = [new Sum(), new Sum(), new Sum()];
  for (let i = 0; i < 200; i++) {
    const l = logits(6, 5);
    const m = l.map((x) => x + (random() - 0.5) * 3);
    const position = judge(softmax(l, 1), softmax(m, 1));
    for (let draw = 0; draw < 300; draw++) {
      const g = noise(6);
      shared.add(position, pick(l, g) === pick(m, g));
      apart.add(position, pick(l, g) === pick(m, noise(6)));
      optimum.add(position, random() < position.oneMinusTv);
    }
  }
  assert.ok(Math.abs(shared.z) < 3, `shared noise: z = ${shared.z}`);
  assert.ok(apart.z < -20, `independent noise: z = ${apart.z}`);
  assert.ok(optimum.z > 5, `the optimum: z = ${optimum.z}`);
  console.log(`the formula holds: z = ${shared.z.toFixed(2)} over ${shared.n} draws (independent noise: ` +
    `${apart.z.toFixed(1)}, the optimum: ${optimum.z.toFixed(1)})`);
};

const report = (records) => {
  assert.equal(os.endianness(), 'LE', 'the records are little-endian, as this machine must be');
  const all = new Sum();
  let worst = 0;
  const columns = ['observed', 'expected', 'oneMinusTv', 'independent', 'argmax'];
  console.log(['pair'.padEnd(36), 'positions', 'observed', 'expected', '1-TV', 'sum p*q', 'p(argmax q)', 'z']
    .map((title, i) => (i ? title.padStart(11) : title)).join(' '));
  for (const record of records) {
    const [name, sum] = read(record);
    const cells = [sum.n, ...columns.map((key) => sum.rate(key)), sum.z.toFixed(2)];
    console.log([name.padEnd(36), ...cells.map((cell) => String(cell).padStart(11))].join(' '));
    all.join(sum);
    worst = Math.max(worst, Math.abs(sum.z));
  }
  const [observed, expected, oneMinusTv, independent, argmax] = columns.map((key) => all.rate(key));
  console.log(`accept_z=${worst.toFixed(2)} observed=${observed} expected=${expected} one_minus_tv=${oneMinusTv} ` +
    `independent=${independent} argmax=${argmax}`);
  return worst <= 2;
};

const words = process.argv.slice(2);
if (words.length === 1 && words[0] === '--self-test') {
  selfTest();
} else if (words.length > 0 && !words[0].startsWith('-')) {
  process.exitCode = report(words) ? 0 : 1;
} else {
  console.error('usage: acceptance.mjs RECORD... | --self-test');
  process.exitCode = 2;
}
