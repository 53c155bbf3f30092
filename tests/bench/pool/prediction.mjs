// What `tightwad plan` says of a pool before anybody computes on it, against what was measured.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { figure, short } from "../local/figures.mjs";
import { speeds } from "../local/groups.mjs";
import { writeOurs } from "../local/servers.mjs";
import { draftedOver } from "./sides.mjs";
import { startWorkers } from "./workers.mjs";

const sides = { pool: "pool", "pool + draft": "draft" }; // what the planner calls it, what this bench does

// On rpc-servers of side number `side`, which nobody uses; `acceptance` is the measured one.
export async function judgePlan(bench, row, side, groups, acceptance) {
    const what = `${row.name} plan`;
    const workers = await startWorkers(bench, what, side, row);
    const { file } = await writeOurs(bench.place, what, draftedOver(row.model, workers));
    const { stdout } = await promisify(execFile)(bench.place.tightwad, ["plan", "-c", file, "--json", "--force",
        "--acceptance", String(acceptance), "--rpc-server", bench.place.rpcServer,
        ...bench.place.plugins.flatMap((folder) => ["--plugins-dir", folder])]);
    const plan = JSON.parse(stdout);
    bench.keep(what, plan);
    for (const [kind, name] of Object.entries(sides)) {
        const predicted = plan.ways.find((way) => way.kind === kind)?.tokens_per_s;
        const measured = speeds(groups, name).decode_tok_s;
        bench.add(figure({ row: row.name, what: `error of tightwad plan, ${kind}`, key: "plan_error", atMost: 0.15,
            value: predicted ? Math.abs(predicted / measured - 1) : undefined,
            note: `predicted ${short(predicted)} tok/s, measured ${short(measured)}` }));
    }
}
