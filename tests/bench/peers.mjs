// Measures target and drafter on machines of their own against the target alone: one table, JSON, one last line. Run by
// peers.sh, inside the namespace of the proxy.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figure, short, table } from "./local/figures.mjs";
import { killAll } from "./local/servers.mjs";
import { modes, unforced } from "./peers/modes.mjs";
import { localAnswers, measure } from "./peers/rows.mjs";

const rows = [
    ...[0, 2, 10, 40, 100].map((rttMs) => ({ name: `rtt${rttMs}`, rttMs, pinned: true, modes })),
    { name: "unpinned", rttMs: 0, pinned: false, modes: [unforced] },
];

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, tokens: { type: "string" }, out: { type: "string" },
    net: { type: "string" }, tightwad: { type: "string" }, relay: { type: "string" }, models: { type: "string" },
    plugins: { type: "string", multiple: true }, "jitter-ms": { type: "string", default: "0" },
    rate: { type: "string", default: "0" },
} });
const names = rows.map((row) => row.name);
const chosen = args.only ? args.only.split(",") : names;
const unknown = chosen.filter((name) => !names.includes(name));
const pairs = Number(args.pairs);
if (unknown.length || !(pairs >= 1)) {
    console.error(unknown.length ? `There is no row ${unknown.join(", ")}; there are ${names.join(", ")}.`
        : `--pairs must be a number of at least 1, not ${args.pairs}.`);
    process.exit(2);
}

const owned = new Set();
const bench = {
    place: { out: args.out, logs: join(args.out, "logs"), net: args.net, tightwad: args.tightwad, relay: args.relay,
        plugins: args.plugins, jitterMs: Number(args["jitter-ms"]), rate: Number(args.rate),
        allCores: `0-${cpus().length - 1}`, model: (name) => join(args.models, name) },
    pairs, figures: [], statuses: [],
    tokens: (wanted) => Math.min(wanted, Number(args.tokens ?? wanted)),
    tell: (what) => (done, all) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${what} ${done}/${all}\r`),
    add(one) {
        this.figures.push(one);
        console.error(table([one]).split("\n")[1]);
    },
    own(server) {
        owned.add(server);
        return server;
    },
    async stop(server) {
        owned.delete(server);
        await server.stop();
    },
    // The callers first: who is called last must not see its callers vanish while they still ask.
    async stopAll() {
        for (const server of [...owned].reverse()) await this.stop(server);
    },
};
mkdirSync(bench.place.out, { recursive: true });

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
        killAll();
        process.exit(130);
    });

// A row that fails is not met; the others go on.
async function attempt(name, run) {
    try {
        return await run();
    } catch (failure) {
        const note = failure.cause ? `${failure.message} (${failure.cause.message})` : failure.message;
        bench.add({ ...figure({ row: name, what: "failed", note }), met: false });
    } finally {
        await bench.stopAll();
    }
    return undefined;
}

const began = Date.now();
const local = await attempt("local", () => localAnswers(bench));
if (local)
    for (const row of rows.filter(({ name }) => chosen.includes(name))) await attempt(row.name, () => measure(bench, row, local));

const worst = (key) => {
    const of = bench.figures.filter((one) => one.key === key).map((one) => one.median).filter((x) => x !== undefined);
    return `${key}=${of.length ? short(Math.min(...of)) : "-"}`;
};
const checked = bench.figures.reduce((sum, one) => sum + one.checked, 0);
const equal = bench.figures.reduce((sum, one) => sum + one.equal, 0);
const said = [`equal=${checked ? (equal === checked ? "1" : (equal / checked).toFixed(4)) : "-"}`,
    ...["slowest", "worst_vs_predicted", "bytes_per_round", "round_ms"].map(worst)].join(" ");
const file = join(bench.place.out, "peers.json");
writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), pairs, cores: availableParallelism(), rows: chosen,
    jitter_ms: bench.place.jitterMs, rate: bench.place.rate, seconds: Math.round((Date.now() - began) / 1000), summary: said,
    figures: bench.figures, statuses: bench.statuses }, null, 1)}\n`);
console.log(table(bench.figures));
console.log(`\nRatios are medians of interleaved groups; 95 % intervals from order statistics. Every answer is compared byte ` +
    `for byte with the same target alone in one process without a network. JSON: ${file}`);
if (pairs < 30 || args.tokens)
    console.log("Fewer than 30 pairs a ratio or shorter answers than usual: a quick look that decides nothing.");
console.log(said);
process.exit(bench.figures.some((one) => one.met === false || one.equal !== one.checked) ? 1 : 0);
