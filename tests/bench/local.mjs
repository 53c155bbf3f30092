// Measures Tightwad against its target alone and against llama-server: one table, JSON, one last line.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { acceptance } from "./local/acceptance_row.mjs";
import { status } from "./local/ask.mjs";
import { lastLine } from "./local/figures.mjs";
import { chosen, harness } from "./local/harness.mjs";
import { plot } from "./local/plot.mjs";
import { eightStreams, fifthTurn, schedulerCost } from "./local/server_rows.mjs";
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
const lastKeys = ["slowest", "inflated_vs_predicted", "inflated_vs_sweep", "inflated_vs_default", "ngram_vs_peer",
    "prediction_right", "prediction_wrong", "plain1", "plain8", "auto8", "ttft_vs_peer", "accept_z", "sched_us"];

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, out: { type: "string" },
    tightwad: { type: "string" }, peer: { type: "string" }, models: { type: "string" },
    plugins: { type: "string", multiple: true }, threads: { type: "string" }, tokens: { type: "string" },
    target: { type: "string" }, gpu: { type: "boolean", default: false },
} });
const { rows: wanted, pairs } = chosen(Object.keys(rows), args);

const place = { out: args.out, logs: join(args.out, "logs"), tightwad: args.tightwad, peer: args.peer,
    plugins: args.plugins, threads: Number(args.threads ?? availableParallelism()),
    model: (name) => join(args.models, name) };
const bench = Object.assign(harness(place, { pairs, tokens: args.tokens }), {
    target: args.target, gpu: args.gpu,
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
});

for (const name of wanted) await bench.attempt(name, async () => rows[name].run(bench), ...rows[name].keys);

const facts = { threads: place.threads, rows: wanted, target: args.target, gpu: args.gpu };
const failed = bench.conclude("local.json", facts, "", lastLine(bench.figures, lastKeys));
writeFileSync(join(place.out, "local.svg"), plot(bench.figures));
process.exit(failed);
