// Measures one model over a pool of rpc-servers, by llama-server and by Tightwad, with a draft and without: one table,
// JSON, one last line. Run by pool.sh, inside the namespace of the coordinator's machine.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastLine } from "./local/figures.mjs";
import { chosen, harness } from "./local/harness.mjs";
import { workerCache } from "./pool/cache_row.mjs";
import { measure } from "./pool/rows.mjs";

const latency = { tokens: 64, countBytes: true, bound: { key: "latency_vs_pool", atLeast: 3 } };
const compute = { tokens: 32, bound: { key: "compute_vs_pool", atLeast: 1.3 } };
const models = {
    stories: { model: "stories15m-f32.gguf", ...latency },
    inflated: { model: "stories15m-q8_0-inflated.gguf", ...compute },
    tinyllama: { model: "tinyllama-1.1b-chat-q4_0.gguf", ...compute },
};
const links = { "100m": 1e8, "1g": 1e9 };
// Where rows are the cost the link matters to the loading alone, which takes a minute a server at 100 Mb/s.
const onlyIfNamed = (row) => row.bound === compute.bound && row.link === "100m";
const lastKeys = ["latency_vs_pool", "compute_vs_pool", "vs_draft_100m", "vs_draft_1g", "pool_only", "bytes_ratio",
    "plan_error"];

const rows = {};
const usual = [];
for (const [name, what] of Object.entries(models))
    for (const workers of [2, 4])
        for (const [link, bits] of Object.entries(links)) {
            const row = { ...what, name: `${name}${workers}-${link}`, workers, link, bits };
            const keys = [what.bound.key, `vs_draft_${link}`, "pool_only", "plan_error", ...(what.countBytes ? ["bytes_ratio"] : [])];
            rows[row.name] = { run: (bench) => measure(bench, row), keys };
            if (!onlyIfNamed(row)) usual.push(row.name);
        }
rows.cache = { run: workerCache, keys: [] };
usual.push("cache");

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, tokens: { type: "string" },
    out: { type: "string" },
    net: { type: "string" }, tightwad: { type: "string" }, relay: { type: "string" }, models: { type: "string" },
    peer: { type: "string" }, "rpc-server": { type: "string" }, plugins: { type: "string", multiple: true },
} });
const { rows: wanted, pairs } = chosen(Object.keys(rows), { ...args, only: args.only ?? usual.join(",") });
const bench = harness({ out: args.out, logs: join(args.out, "logs"), net: args.net, tightwad: args.tightwad,
    relay: args.relay, peer: args.peer, rpcServer: args["rpc-server"], plugins: args.plugins, threads: 1,
    model: (name) => join(args.models, name) }, { pairs, tokens: args.tokens });

for (const name of wanted) await bench.attempt(name, () => rows[name].run(bench), ...rows[name].keys);

process.exit(bench.conclude("pool.json", { cores: availableParallelism(), rows: wanted },
    "Every answer of Tightwad with a draft is compared byte for byte with those of its pool alone. ",
    lastLine(bench.figures, lastKeys)));
