// The ways of drafting that the bench of peers compares. A mode is forced by the environment of the process that owns
// the target; `predict` says which model its speed-up is held against; `neverSlower` that it must not cost anything.
import { predictedSpeedup, interpolate } from "../local/stats.mjs";
import { predictStreaming } from "./simulate.mjs";

const force = (mode) => ({ TIGHTWAD_DRAFTING: mode });

export const modes = [
    { name: "synchronous", env: force("synchronous"), predict: synchronous, neverSlower: false },
    { name: "streaming", env: force("streaming"), predict: streaming, neverSlower: true },
    { name: "branches", env: force("branches"), predict: branches, neverSlower: true },
];

// What the policy chooses by itself, for the row in which the machines share their cores.
export const unforced = { name: "auto", env: {}, neverSlower: true };

// The measured v(k) with noise taken out that would make more rows cheaper than fewer: neighbours out of order are
// averaged (isotonic regression).
export function monotone(table) {
    const blocks = [];
    for (const [rows, ms] of Object.entries(table).map(([key, value]) => [Number(key), value]).sort((a, b) => a[0] - b[0])) {
        blocks.push({ rows: [rows], ms });
        while (blocks.length > 1 && blocks.at(-2).ms > blocks.at(-1).ms) {
            const [a, b] = blocks.splice(-2);
            const [n, m] = [a.rows.length, b.rows.length];
            blocks.push({ rows: [...a.rows, ...b.rows], ms: (a.ms * n + b.ms * m) / (n + m) });
        }
    }
    return Object.fromEntries(blocks.flatMap((block) => block.rows.map((rows) => [rows, block.ms])));
}

// S = E(gamma) / (gamma c + r + v(gamma)), with r as the pipeline measured it. Rounds in which the policy was silent pay no
// r; at most as many rounds paid it as tokens of a model were drafted.
function synchronous({ totals, estimates }) {
    const paying = Math.min(1, totals.byModel / totals.rounds);
    const s = predictedSpeedup(totals, { ...estimates, verify: monotone(estimates.verify),
        handover_ms: estimates.handover_ms * paying });
    return { speedup: s.speedup, note: `alpha ${s.alpha.toFixed(3)} gamma ${s.gamma.toFixed(2)} c ${s.c.toFixed(3)} ` +
        `r ${s.r.toFixed(3)} v ${s.v.toFixed(3)}` };
}

// The loop of section 4 simulated with alpha, c, r and v(k) of the status, over answers like the measured ones:
// `answer` = { tokens, fixedMs }. The status tells what a round waits for; where nothing waits that can be less than the network's
// round trip, which is the least that a correction needs. Drafts are no longer than the longest pass that was measured.
function loop({ estimates, rttMs, answer }, branchHit) {
    const table = monotone(estimates.verify);
    const rows = Object.keys(table).map(Number);
    const step = table[Math.min(...rows)];
    const figures = { alpha: estimates.acceptance, draft: estimates.draft_ms / step,
        roundTrip: Math.max(estimates.handover_ms ?? 0, rttMs) / step,
        verify: (drafts) => interpolate(table, drafts + 1) / step, most: Math.max(1, Math.max(...rows) - 1), branchHit,
        answer: answer.tokens, fixed: answer.fixedMs / step };
    const best = predictStreaming(figures);
    return { speedup: best.speedup, note: `alpha ${figures.alpha.toFixed(3)} c ${figures.draft.toFixed(3)} ` +
        `r ${figures.roundTrip.toFixed(3)} v(4) ${figures.verify(4).toFixed(3)}` };
}

function streaming(measured) {
    return loop(measured, 0);
}

// How often the cache had the correction is measured. Where the status does not say it, the prediction is that of
// streaming without a cache, which branches must reach.
function branches(measured) {
    const { hits, misses } = measured.branches ?? {};
    const known = hits + misses > 0;
    const out = loop(measured, known ? hits / (hits + misses) : 0);
    return { ...out, note: `${out.note} ${known ? `hit ${(hits / (hits + misses)).toFixed(2)}` : "hits unknown: as streaming"}` };
}
