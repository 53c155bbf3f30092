// Measures target and drafter on machines of their own against the target alone: one table, JSON, one last line. Run by
// peers.sh, inside the namespace of the proxy.
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastLine } from "./local/figures.mjs";
import { chosen, harness } from "./local/harness.mjs";
import { modes, unforced } from "./peers/modes.mjs";
import { localAnswers, measure } from "./peers/rows.mjs";

const rows = [
    { name: "loopback", pinned: true, modes: modes.slice(0, 1) },
    ...[0, 2, 10, 40, 100].map((rttMs) => ({ name: `rtt${rttMs}`, rttMs, pinned: true, modes })),
    { name: "unpinned", rttMs: 0, pinned: false, modes: [unforced] },
];

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, tokens: { type: "string" }, out: { type: "string" },
    net: { type: "string" }, tightwad: { type: "string" }, relay: { type: "string" }, models: { type: "string" },
    plugins: { type: "string", multiple: true }, "jitter-ms": { type: "string", default: "0" },
    rate: { type: "string", default: "0" },
} });
const { rows: wanted, pairs } = chosen(rows.map((row) => row.name), args);
const bench = harness({ out: args.out, logs: join(args.out, "logs"), net: args.net, tightwad: args.tightwad,
    relay: args.relay, plugins: args.plugins, jitterMs: Number(args["jitter-ms"]), rate: Number(args.rate),
    allCores: `0-${cpus().length - 1}`, model: (name) => join(args.models, name) }, { pairs, tokens: args.tokens });

const local = await bench.attempt("local", () => localAnswers(bench));
if (local)
    for (const row of rows.filter(({ name }) => wanted.includes(name)))
        await bench.attempt(row.name, () => measure(bench, row, local));

process.exit(bench.conclude("peers.json",
    { cores: availableParallelism(), rows: wanted, jitter_ms: bench.place.jitterMs, rate: bench.place.rate },
    "Every answer is compared byte for byte with the same target alone in one process without a network. ",
    lastLine(bench.figures, ["slowest", "worst_vs_predicted", "bytes_per_round", "round_ms"])));
