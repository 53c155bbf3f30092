// One row: a model over so many machines behind such links, four ways of answering from it.
import { ask } from "../local/ask.mjs";
import { figure, short } from "../local/figures.mjs";
import { equality, grouped, ratios, samePrompts, sources, speeds, totals } from "../local/groups.mjs";
import { story } from "../local/prompts.mjs";
import { find, freshStatus } from "../machines/pipelines.mjs";
import { judgePlan } from "./prediction.mjs";
import { shapes, startShape, startSides } from "./sides.mjs";
import { passed } from "./workers.mjs";

const goodDrafts = 0.8; // the acceptance from which on drafts must pay as much as the issue asks

// What passes between home and the workers in a round, from answers of this side alone whose prompt is read already, and
// those answers. A round decides one token more than it accepts.
async function bytesPerRound({ server, workers }, prompts, maxTokens) {
    let [bytes, rounds] = [0, 0];
    const texts = [];
    for (const prompt of prompts) {
        await ask(server, prompt, { maxTokens: 1 });
        const before = await passed(workers);
        const answer = await ask(server, prompt, { maxTokens });
        bytes += (await passed(workers)) - before;
        rounds += answer.tokens - answer.accepted;
        texts.push(answer.text);
    }
    return { bytes: bytes / rounds, texts };
}

// Bytes of a round by side, and what one shape of all passes saves: every side's answers are those of the pool alone.
async function compareBytes(bench, row, sides, prompts, maxTokens) {
    const measured = [];
    const add = async (side) =>
        measured.push({ name: side.name, ...(await bytesPerRound(side, prompts, maxTokens)) });
    for (const side of sides) await add(side);
    for (const shape of shapes) {
        const side = await startShape(bench, row, sides.length + 1, shape);
        await add(side);
        await side.stop();
    }
    const of = (name) => measured.find((one) => one.name === name);
    const ours = measured.filter(({ name }) => name === "draft" || shapes.some((shape) => shape.name === name));
    const same = (one) => ({ checked: prompts.length,
        equal: one.texts.filter((text, i) => text === of("pool").texts[i]).length });
    for (const one of measured)
        bench.add(figure({ row: row.name, what: `bytes of a round, ${one.name}`, value: one.bytes,
            ...(ours.includes(one) && same(one)) }));
    const [held, follows, away] = shapes.map(({ name }) => of(name).bytes);
    bench.add(figure({ row: row.name, what: "bytes of a round, shapes of the drafts / one shape", value: follows / held,
        key: "bytes_ratio", atLeast: 10, note: `${short(away / held)} with the output layer on the last worker before` }));
}

// `row` = { name, model, workers, bits, link, tokens, countBytes, bound }; `bound` = { key, atLeast } of the draft
// against llama-server's pool.
export async function measure(bench, row) {
    const maxTokens = bench.tokens(row.tokens);
    const sides = await startSides(bench, row, maxTokens);
    const prompts = story.slice(0, Math.max(2, Math.min(bench.pairs, 10)));
    const groups = await grouped(sides.map((side) => ({ ...side, how: () => ({ maxTokens }) })), prompts, bench.pairs,
        bench.tell(row.name), story[10]);
    samePrompts(groups, "draft", "peer");
    const page = await freshStatus(sides.at(-1).server);
    bench.statuses.push({ row: row.name, status: page });
    judge(bench, row, sides, groups, page);
    await judgePlan(bench, row, sides.length, groups, find(page, "estimates")?.acceptance ?? 0);
    if (row.countBytes) await compareBytes(bench, row, sides, prompts.slice(0, 4), maxTokens);
}

function judge(bench, row, sides, groups, page) {
    const acceptance = find(page, "estimates")?.acceptance ?? 0;
    const same = { ...equality(groups, "draft", "pool"), exactness: find(page, "exactness") ?? "-" };
    const of = (name) => sides.find((side) => side.name === name);
    const add = (what, side, other, more) =>
        bench.add(figure({ row: row.name, what, values: ratios(groups, side, other), ...more }));
    const sum = totals(groups, "draft");
    const drafted = `drafted ${sum.drafted} (${sources(groups, "draft") || "nothing"})`;
    const tokS = sides.map(({ name }) => `${name} ${short(speeds(groups, name).tok_s)}`).join(", ");
    add("pool + draft / llama-server's pool", "draft", "peer", { ...same, ...(acceptance >= goodDrafts && row.bound),
        note: `tok/s ${tokS}; acceptance ${short(acceptance)}` +
            (acceptance < goodDrafts ? `, below ${goodDrafts}: no bound` : "") });
    add(`pool + draft / llama-server's pool + draft, best of a sweep (${of("peerDraft").setting})`, "draft", "peerDraft",
        { ...same, key: `vs_draft_${row.link}`, atLeast: row.link === "100m" ? 1.3 : 1.05 });
    add("pool only / llama-server's pool", "pool", "peer", { key: "pool_only", atLeast: 0.97 });
    add("pool + draft / pool only", "draft", "pool", { ...same,
        note: `mode ${find(page, "mode") ?? "-"}, another shape costs ` +
            `${short(find(page, "reshape_ms"))} ms, ${sum.tokens} tokens in ${sum.rounds} rounds, ${drafted}` });
}
