// Measures what Tightwad adds to a server that it passes requests on to: one table, JSON, one last line. Run by front.sh.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keyed } from "./local/figures.mjs";
import { chosen, harness } from "./local/harness.mjs";
import { rows } from "./front/rows.mjs";

const { values: args } = parseArgs({ options: {
    only: { type: "string" }, pairs: { type: "string", default: "30" }, out: { type: "string" },
    tightwad: { type: "string" }, stub: { type: "string" }, load: { type: "string" },
    plugins: { type: "string", multiple: true },
} });
const { rows: wanted, pairs } = chosen(Object.keys(rows), args);
const bench = harness({ ...args, logs: join(args.out, "logs") }, { pairs });

for (const name of wanted) await bench.attempt(name, () => rows[name].run(bench), ...rows[name].keys, "rss_mb");

process.exit(bench.conclude("front.json", { cores: availableParallelism(), rows: wanted },
    "Tightwad has core 1 for itself, the stub and the load share core 0. ",
    keyed(bench.figures, ["p99_added_ms", "rss_mb", "growth_mb", "rps", "sse"])));
