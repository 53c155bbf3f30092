// What the benches against real servers share: their rows, the servers they own, their figures, how they end.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, table } from "./figures.mjs";
import { killAll } from "./servers.mjs";

// The rows that --only asks for, all of them without it, and --pairs; ends the program where they make no sense.
export function chosen(names, { only, pairs }) {
    const rows = only ? only.split(",") : names;
    const unknown = rows.filter((name) => !names.includes(name));
    if (unknown.length || !(Number(pairs) >= 1)) {
        console.error(unknown.length ? `There is no row ${unknown.join(", ")}; there are ${names.join(", ")}.`
            : `--pairs must be a number of at least 1, not ${pairs}.`);
        process.exit(2);
    }
    return { rows, pairs: Number(pairs) };
}

// `place` says where programs, models and logs lie; `place.out` is made. `tokens`, when given, bounds every answer's.
export function harness(place, { pairs, tokens }) {
    const owned = new Set();
    const began = Date.now();
    mkdirSync(place.out, { recursive: true });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
        process.on(signal, () => {
            killAll();
            process.exit(130);
        });
    return {
        place, pairs, figures: [], statuses: [], kept: {},
        add(one) {
            this.figures.push(one);
            console.error(table([one]).split("\n")[1]);
        },
        tokens: (wanted) => Math.min(wanted, Number(tokens ?? wanted)),
        keep(name, what) { this.kept[name] = what; },
        tell: (what) => (done, all) =>
            process.stderr.isTTY && process.stderr.write(`\r\u001b[K${what} ${done}/${all}\r`),
        own(server) {
            owned.add(server);
            return server;
        },
        async start(starter, name, what) { return this.own(await starter(place, name, what)); },
        async stop(server) {
            owned.delete(server);
            await server.stop();
        },
        // A part that fails is a row that is not met, for each of the keys it owes; the others go on. What it
        // started is ended, the callers first: nobody is to vanish while he is still asked.
        async attempt(name, run, ...keys) {
            try {
                return await run();
            } catch (failure) {
                const note = failure.cause ? `${failure.message} (${failure.cause.message})` : failure.message;
                const owed = keys.filter((key) => !this.figures.some((one) => one.key === key));
                for (const key of owed.length ? owed : [undefined])
                    this.add({ ...figure({ row: name, what: "failed", key, note }), met: false });
            } finally {
                for (const server of [...owned].reverse()) await this.stop(server);
            }
            return undefined;
        },
        // Writes `file` with `facts`, prints the table, what its figures are, and `said`; returns the exit status.
        conclude(file, facts, meaning, said) {
            const path = join(place.out, file);
            writeFileSync(path, `${JSON.stringify({ date: new Date().toISOString(), pairs, ...facts,
                seconds: Math.round((Date.now() - began) / 1000), summary: said, figures: this.figures, ...this.kept,
                statuses: this.statuses }, null, 1)}\n`);
            console.log(table(this.figures));
            console.log("\nFigures of pairs are medians of interleaved groups; 95 % intervals from order statistics. " +
                `${meaning}JSON: ${path}`);
            if (pairs < 30 || tokens)
                console.log("Fewer than 30 pairs or shorter answers than usual: a quick look that decides " +
                    "nothing.");
            console.log(said);
            return this.figures.some((one) => one.met === false || one.equal !== one.checked) ? 1 : 0;
        },
    };
}
