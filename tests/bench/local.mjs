// Measures Tightwad against its target alone and against llama-server: one table, JSON, one last line.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { acceptance } from "./local/acceptance_row.mjs";
import { status } from "./local/ask.mjs";
import { figure, lastLine, table } from "./local/figures.mjs";
import { plot } from "./local/plot.mjs";
import { eightStreams, fifthTurn, schedulerCost } from "./local/server_rows.mjs";
import { killAll } from "./local/servers.mjs";
import { badPeer, inflatedTarget, longContexts, slowest } from "./local/speculative_rows.mjs";
import { ngram, plain, prediction } from "./local/text_rows.mjs";

// Every row: what runs it, and the keys of the last line that it owes when it fails.
const rows = {
    slowest: { run: slowest, keys: [] },
    bad_peer: { run: badPeer, keys: [] },
    inflated: { run: inflatedTarget, keys: ["inflated_vs_predicted", "inflated_vs_sweep", "inflated_vs_default"] },
    long: { run: longContexts, keys: [] },
    ngram: { run: ngram, keys: ["ngram_vs_peer"] },
    prediction: { run: prediction, keys: ["prediction_right", "prediction_wrong"] },
    plain: { run: plain, keys: ["plain1"] },
    eight: { run: eightStreams, keys: ["plain8", "auto8"] },
    ttft: { run: fifthTurn, keys: ["ttft_vs_peer"] },
    acceptance: { run: acceptance, keys: ["accept_z"] },
    scheduler: { run: schedulerCost, keys: ["sched_us"] },
};

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, out: { type: "string" },
    tightwad: { type: "string" }, peer: { type: "string" }, models: { type: "string" },
    plugins: { type: "string", multiple: true }, threads: { type: "string" }, tokens: { type: "string" },
    target: { type: "string" }, gpu: { type: "boolean", default: false },
} });
const chosen = args.only ? args.only.split(",") : Object.keys(rows);
const pairs = Number(args.pairs);
const unknown = chosen.filter((name) => !rows[name]);
if (unknown.length || !(pairs >= 1)) {
    console.error(unknown.length ? `There is no row ${unknown.join(", ")}; there are ${Object.keys(rows).join(", ")}.`
        : `--pairs must be a number of at least 1, not ${args.pairs}.`);
    process.exit(2);
}

const place = { out: args.out, logs: join(args.out, "logs"), tightwad: args.tightwad, peer: args.peer,
    plugins: args.plugins, threads: Number(args.threads ?? availableParallelism()),
    model: (name) => join(args.models, name) };
mkdirSync(place.out, { recursive: true });

const owned = new Set();
const bench = {
    pairs, target: args.target, gpu: args.gpu, figures: [], statuses: [], kept: {},
    add(one) {
        this.figures.push(one);
        console.error(table([one]).split("\n")[1]);
    },
    tokens: (wanted) => Math.min(wanted, Number(args.tokens ?? wanted)),
    keep(name, what) { this.kept[name] = what; },
    tell: (what) => (done, all) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${what} ${done}/${all}\r`),
    async start(starter, name, what) {
        const server = await starter(place, name, what);
        owned.add(server);
        return server;
    },
    async stop(server) {
        owned.delete(server);
        await server.stop();
    },
    async exactness(server) {
        const { target = {} } = await status(server);
        const cost = target.exactness_cost;
        return (target.exactness ?? "unknown") + (cost === undefined || cost === 1 ? "" : ` (cost ${cost.toFixed(2)})`);
    },
    // Notes the figures of a server of ours and ends it; returns its exactness class.
    async finish(server) {
        this.statuses.push(await status(server));
        const told = await this.exactness(server);
        await this.stop(server);
        return told;
    },
    // A part that fails is a row that is not met; the others go on.
    async attempt(name, run, ...keys) {
        try {
            await run().then((one) => one && this.add(one));
        } catch (failure) {
            const note = failure.cause ? `${failure.message} (${failure.cause.message})` : failure.message;
            const owed = keys.filter((key) => !this.figures.some((one) => one.key === key));
            for (const key of owed.length ? owed : [undefined])
                this.add({ ...figure({ row: name, what: "failed", key, note }), met: false });
        }
        for (const server of [...owned]) await this.stop(server);
    },
};

for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => {
        killAll();
        process.exit(130);
    });

const began = Date.now();
for (const name of chosen) await bench.attempt(name, async () => rows[name].run(bench), ...rows[name].keys);

const said = lastLine(bench.figures);
const file = join(place.out, "local.json");
writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), pairs, threads: place.threads, rows: chosen,
    target: args.target, gpu: args.gpu, seconds: Math.round((Date.now() - began) / 1000), summary: said, figures: bench.figures, ...bench.kept,
    statuses: bench.statuses }, null, 1)}\n`);
writeFileSync(join(place.out, "local.svg"), plot(bench.figures));
console.log(table(bench.figures));
console.log(`\nRatios are medians of interleaved groups; 95 % intervals from order statistics. JSON: ${file}`);
if (pairs < 30 || args.tokens)
    console.log("Fewer than 30 pairs a ratio or shorter answers than usual: a quick look that decides nothing.");
console.log(said);
const broken = bench.figures.some((one) => one.met === false || one.equal !== one.checked);
process.exit(broken ? 1 : 0);
