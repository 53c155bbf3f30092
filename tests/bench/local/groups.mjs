// Interleaved measuring: every prompt is answered by every side, forwards and then backwards (ABBA).
import { setTimeout as wait } from "node:timers/promises";
import { ask } from "./ask.mjs";
import { median } from "./stats.mjs";

// ggml's threads spin for some milliseconds after their last graph: the next server must not share its
// cores with them.
const restMs = 30;

// sides: [{ name, server, how(prompt) }]; a side may bring its own `ask(prompt)`. Returns one
// { prompt, NAME: answer, … } per group. Before each group every server answers one token of the prompt,
// so that no side profits from a cache that another one filled; a group over `warmUp` is run first and thrown
// away, unless that is null.
export async function grouped(sides, prompts, count, tell = () => {}, warmUp = prompts[0]) {
    const servers = [...new Set(sides.map((side) => side.server))];
    const one = async (index, prompt) => {
        const group = { prompt };
        for (const server of servers)
            if (!sides.some((side) => side.ask && side.server === server)) {
                await ask(server, prompt, { maxTokens: 1 });
                await wait(restMs);
            }
        for (const side of index % 2 === 0 ? sides : [...sides].reverse()) {
            group[side.name] = await (side.ask ? side.ask(prompt) : ask(side.server, prompt, side.how(prompt)));
            await wait(restMs);
        }
        return group;
    };
    if (warmUp !== null) await one(0, warmUp);
    const groups = [];
    for (let i = 0; i < count; i++) {
        tell(i, count);
        groups.push(await one(i, prompts[i % prompts.length]));
    }
    return groups;
}

const msPerToken = (answer) => answer.ms / answer.tokens;

// How many times as fast as `other` is `side`, group by group: wall time per token of the answer.
export const ratios = (groups, side, other) => groups.map((g) => msPerToken(g[other]) / msPerToken(g[side]));

// Of the groups, how many `side` answers equal the target alone's, and how many were compared.
export function equality(groups, side, alone) {
    const equal = groups.filter((g) => g[side].text === g[alone].text && g[side].tokens === g[alone].tokens).length;
    return { equal, checked: groups.length };
}

// Medians of one side: tokens per second of wall time and, beside it, of the time after the prompt.
export const speeds = (groups, side) => ({
    tok_s: median(groups.map((g) => (1000 * g[side].tokens) / g[side].ms)),
    decode_tok_s: median(groups.map((g) => (1000 * g[side].tokens) / (g[side].ms - g[side].prefillMs))),
});

// Sums over the answers of one side; `byModel` is the part of `drafted` that cost a drafter's time.
export function totals(groups, side) {
    const sum = { rounds: 0, drafted: 0, accepted: 0, tokens: 0, byModel: 0 };
    for (const group of groups) {
        const answer = group[side];
        for (const key of ["rounds", "drafted", "accepted", "tokens"]) sum[key] += answer[key];
        sum.byModel += answer.sources.model?.drafted ?? (Object.keys(answer.sources).length ? 0 : answer.drafted);
    }
    return sum;
}

// "model .31, ngram .80": acceptance of each source that drafted.
export function sources(groups, side) {
    const sum = {};
    for (const group of groups)
        for (const [name, of] of Object.entries(group[side].sources)) {
            sum[name] ??= { drafted: 0, accepted: 0 };
            sum[name].drafted += of.drafted;
            sum[name].accepted += of.accepted;
        }
    const parts = Object.entries(sum).filter(([, of]) => of.drafted > 0);
    return parts.map(([name, of]) => `${name} ${(of.accepted / of.drafted).toFixed(2)}`).join(", ");
}

// Both servers must have read the same number of prompt tokens, or the comparison is none.
export function samePrompts(groups, side, other) {
    for (const group of groups)
        if (group[side].promptTokens !== group[other].promptTokens)
            throw new Error(`the servers do not read one prompt alike: ${group[side].promptTokens} and ` +
                `${group[other].promptTokens} tokens of ${JSON.stringify(group.prompt.slice(0, 60))}`);
}
