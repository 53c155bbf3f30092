// One row: machines at one distance, every mode against the target alone over the same path.
import { ask, status } from "../local/ask.mjs";
import { figure, short } from "../local/figures.mjs";
import { grouped, ratios, sources, speeds, totals } from "../local/groups.mjs";
import { story } from "../local/prompts.mjs";
import { median } from "../local/stats.mjs";
import { find, freshStatus, settle } from "../machines/pipelines.mjs";
import { forwarded } from "../machines/programs.mjs";
import { startLocal, startMachines } from "./machines.mjs";

// What the target says without a network, prompt by prompt, and how long it takes.
export async function localAnswers(bench) {
    const maxTokens = bench.tokens(64);
    const server = await startLocal(bench);
    const prompts = story.slice(0, Math.max(2, Math.min(bench.pairs, story.length)));
    await ask(server, prompts[0], { maxTokens, speculate: false });
    const answers = new Map();
    for (const prompt of prompts) answers.set(prompt, await ask(server, prompt, { maxTokens, speculate: false }));
    bench.statuses.push(await status(server));
    await bench.stop(server);
    return answers;
}

const passedBy = (relay) => (relay ? forwarded(relay) : NaN);

// What passes between target and drafter in a round, from answers of this mode alone: bytes as the relay saw them,
// frames as the target's machine counts them (pings among them).
async function perRound(server, prompts, maxTokens) {
    const frames = async () => {
        const link = find(await freshStatus(server), "link") ?? {};
        return (link.frames_sent ?? NaN) + (link.frames_received ?? NaN);
    };
    const before = { frames: await frames(), bytes: await passedBy(server.relay) };
    const sum = { rounds: 0, ms: 0 };
    for (const prompt of prompts) {
        const answer = await ask(server, prompt, { maxTokens });
        sum.rounds += answer.rounds;
        sum.ms += answer.ms - answer.prefillMs;
    }
    const bytes = (await passedBy(server.relay)) - before.bytes;
    return { bytes: bytes / sum.rounds, frames: ((await frames()) - before.frames) / sum.rounds, ms: sum.ms / sum.rounds };
}

function equalToLocal(groups, side, local) {
    const equal = groups.filter((group) => group[side].text === local.get(group.prompt).text &&
        group[side].tokens === local.get(group.prompt).tokens).length;
    return { equal, checked: groups.length };
}

// `row` = { name, rttMs, pinned, modes }; without a `rttMs` everything is on one loopback.
export async function measure(bench, row, local) {
    const maxTokens = bench.tokens(64);
    const prompts = [...local.keys()];
    const servers = await startMachines(bench, row.name, row.modes, row, (server) => settle(server, story[11]));
    const sides = [{ name: "alone", server: servers[0], how: () => ({ maxTokens, speculate: false }) },
        ...servers.map((server) => ({ name: server.mode.name, server, how: () => ({ maxTokens }) }))];
    const groups = await grouped(sides, prompts, bench.pairs, bench.tell(row.name));

    const alone = groups.map((group) => local.get(group.prompt).ms / group.alone.ms);
    bench.add(figure({ row: row.name, what: "alone over this path / alone without one", values: alone,
        ...equalToLocal(groups, "alone", local), note: `tok/s ${short(speeds(groups, "alone").tok_s)}` }));
    for (const server of servers) await judge(bench, row, server, groups, local, prompts, maxTokens);
}

async function judge(bench, row, server, groups, local, prompts, maxTokens) {
    const { mode } = server;
    const side = mode.name;
    const passed = await perRound(server, prompts, maxTokens);
    const page = await freshStatus(server);
    bench.statuses.push({ row: row.name, mode: side, status: page, perRound: passed });
    const exactness = find(page, "exactness") ?? "-";
    const gain = ratios(groups, side, "alone");
    const shared = { row: row.name, ...equalToLocal(groups, side, local), exactness };
    const sum = totals(groups, side);
    bench.add(figure({ ...shared, what: `${side} / alone`, values: gain, key: mode.neverSlower ? "slowest" : undefined,
        ...(mode.neverSlower && { atLeast: 0.97 }),
        note: `tok/s ${short(speeds(groups, side).tok_s)}, drafted ${sum.drafted} (${sources(groups, side) || "nothing"}), ` +
            `rounds ${sum.rounds} of ${short(passed.ms)} ms, ${short(passed.bytes)} bytes, ${short(passed.frames)} frames` }));
    if (row.rttMs === undefined)
        bench.add(figure({ row: row.name, what: "ms of a round that are the network's", value: find(page, "estimates")?.handover_ms,
            atMost: 0.3, key: "round_ms" }));
    if (row.rttMs === 0 && row.pinned && side === "synchronous") {
        // An order and its batch are two frames; rounds in which nobody was asked are not meant.
        const asked = Math.min(1, passed.frames / 2);
        bench.add(figure({ row: row.name, what: "bytes between target and drafter in a round",
            value: passed.bytes / asked, atMost: 100, key: "bytes_per_round" }));
    }
    if (!mode.predict) return;
    const estimates = find(page, "estimates");
    if (!estimates) throw new Error(`the status of mode ${side} has no estimates, so nothing can be predicted`);
    // The first token comes with the prompt, the others by the loop that is predicted.
    const answer = { tokens: Math.max(1, Math.round(sum.tokens / groups.length) - 1),
        fixedMs: (row.rttMs ?? 0) + median(groups.map((group) => group.alone.prefillMs)) };
    const s = mode.predict({ totals: sum, estimates, rttMs: row.rttMs ?? 0, answer, branches: find(page, "branches") });
    bench.add(figure({ ...shared, what: `${side}: measured / predicted`, values: gain.map((x) => x / s.speedup),
        key: "worst_vs_predicted", note: `S ${short(median(gain))}, predicted ${short(s.speedup)} of ${s.note}` }));
}
