// What front.mjs measures: latency at a constant rate, throughput, many streams, memory.
import { figure } from "../local/figures.mjs";
import { load, memory, startStub, startTightwad, wrk } from "./programs.mjs";

const perSecond = 1000, connections = 64, manyStreams = 1000;

// The value below which that part of them lies.
function quantile(values, part) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

// A stub and Tightwad in front of it, measured by `run`, and what Tightwad took of the memory.
async function row(bench, name, answers, run) {
    const stub = await bench.start(startStub, `stub-${name}`, answers);
    const tightwad = await bench.start(startTightwad, `tightwad-${name}`, stub);
    await run(stub, tightwad);
    bench.add(figure({ row: name, what: "most resident, MB", value: memory(tightwad, "VmHWM"), atMost: 50, key: "rss_mb" }));
}

// A second straight to the stub, a second through Tightwad, and so on: by what a pair's quantiles differ.
const latency = (name, stream) => (bench) => row(bench, name, { pieces: 8, paceMs: 0 }, async (stub, tightwad) => {
    const pairs = await load(bench.place, "rate", { port: [stub.port, tightwad.port], pieces: stub.pieces,
        "per-second": perSecond, rounds: bench.pairs, ...(stream && { stream }) });
    const added = (part) => pairs.map(([direct, through]) => (quantile(through, part) - quantile(direct, part)) / 1000);
    bench.add(figure({ row: name, what: "added p50, ms", values: added(0.5) }));
    bench.add(figure({ row: name, what: "added p99, ms", values: added(0.99), atMost: 1, key: "p99_added_ms" }));
    ["stub alone", "through Tightwad"].forEach((what, side) => {
        const all = pairs.flatMap((sides) => sides[side]);
        const [half, most, worst] = [0.5, 0.99, 1].map((part) => quantile(all, part) / 1000);
        bench.add(figure({ row: name, what: `${what}, p99, ms`, value: most, note: `p50 ${half}, longest ${worst}, ${all.length} answers` }));
    });
});

const throughput = (name, stream) => (bench) => row(bench, name, { pieces: 8, paceMs: 0 }, async (stub, tightwad) => {
    const messages = [{ role: "user", content: "Say some words." }];
    const body = JSON.stringify({ model: "stub", messages, max_tokens: 100, ...(stream && { stream }) });
    const sides = [["stub alone", stub], ["through Tightwad", tightwad]];
    const seen = [];
    for (const [what, { port }] of sides) {
        const side = await wrk(bench.place, `${name}-${port}`, port, body, { connections, seconds: 10 });
        seen.push(side);
        const note = `${connections} connections, ${side.failed} failed`;
        const one = figure({ row: name, what: `${what}, requests/s`, value: side.perSecond, note });
        bench.add({ ...one, met: side.failed === 0, key: port === tightwad.port ? "rps" : undefined });
        bench.add(figure({ row: name, what: `${what}, p50, ms`, value: side.p50 }));
        bench.add(figure({ row: name, what: `${what}, p99, ms`, value: side.p99 }));
    }
    const [direct, through] = seen;
    for (const part of ["p50", "p99"])
        bench.add(figure({ row: name, what: `added ${part}, ms`, value: through[part] - direct[part], note: "each side as busy as it can be" }));
});

const streams = (bench) => row(bench, "streams", { pieces: 50, paceMs: 100 }, async (stub, tightwad) => {
    const seen = await load(bench.place, "streams", { port: tightwad.port, pieces: stub.pieces, connections: manyStreams });
    const spoken = stub.pieces * stub.paceMs;
    const late = seen.last_us.map((last) => last / 1000 - spoken);
    const note = `all had begun after ${(Math.max(...seen.first_us) / 1000).toFixed(0)} ms; of ${spoken} ms of pieces each, ` +
        `the ends came ${quantile(late, 0.5).toFixed(0)} ms (at most ${Math.max(...late).toFixed(0)}) late`;
    bench.add(figure({ row: "streams", what: "complete, all at once", value: seen.at_once ? seen.complete : 0,
        atLeast: manyStreams, key: "sse", note }));
});

const growth = (bench) => row(bench, "memory", { pieces: 8, paceMs: 0 }, async (stub, tightwad) => {
    const sizes = [];
    for (const requests of [10_000, 50_000, 50_000]) {
        await load(bench.place, "count", { port: tightwad.port, pieces: stub.pieces, requests, connections });
        sizes.push(memory(tightwad, "VmRSS"));
    }
    const note = `after 10,000, 60,000 and 110,000 requests: ${sizes.map((one) => one.toFixed(1)).join(", ")}`;
    bench.add(figure({ row: "memory", what: "growth, MB", value: sizes[2] - sizes[0], atMost: 1, key: "growth_mb", note }));
});

export const rows = {
    "rate": { run: latency("rate", false), keys: ["p99_added_ms"] },
    "rate-stream": { run: latency("rate-stream", true), keys: ["p99_added_ms"] },
    "saturated": { run: throughput("saturated", false), keys: ["rps"] },
    "saturated-stream": { run: throughput("saturated-stream", true), keys: ["rps"] },
    "streams": { run: streams, keys: ["sse"] },
    "memory": { run: growth, keys: ["growth_mb"] },
};
