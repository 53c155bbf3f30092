// The row that the acceptance bench makes: its own script runs, its last line is read.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { figure } from "./figures.mjs";

export async function acceptance(bench) {
    const script = "tests/bench/acceptance.sh";
    if (!existsSync(script)) throw new Error(`${script} is not there`);
    const ran = spawnSync("sh", [script], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    process.stderr.write(ran.stdout);
    const last = ran.stdout.trimEnd().split("\n").at(-1);
    const z = Number(/^accept_z=(\S+)/.exec(last)?.[1]);
    if (Number.isNaN(z)) throw new Error(`${script} ended with ${ran.status} and no accept_z`);
    bench.add(figure({ row: "acceptance at T=1", what: "|z| against the coupling", value: z, atMost: 2,
        key: "accept_z", note: last.replace(/^\S+ /, "") }));
}
