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

// S = E(gamma) / (gamma c + r + v(gamma)), with r as the pipeline measured it.
function synchronous({ totals, estimates }) {
    const s = predictedSpeedup(totals, estimates);
    return { speedup: s.speedup, note: `alpha ${s.alpha.toFixed(3)} gamma ${s.gamma.toFixed(2)} c ${s.c.toFixed(3)} ` +
        `r ${s.r.toFixed(3)} v ${s.v.toFixed(3)}` };
}

// The loop of section 4 simulated with alpha, c, r and v(k) of the status. The status tells what a round waits for; where
// nothing waits that can be less than the network's round trip, which is the least that a correction needs.
function loop({ estimates, rttMs }, branchHit) {
    const step = estimates.step_ms;
    const figures = { alpha: estimates.acceptance, draft: estimates.draft_ms / step,
        roundTrip: Math.max(estimates.handover_ms ?? 0, rttMs) / step,
        verify: (drafts) => (drafts === 0 ? 1 : interpolate(estimates.verify, drafts + 1) / step), branchHit };
    const best = predictStreaming(figures);
    return { speedup: best.speedup, note: `alpha ${figures.alpha.toFixed(3)} c ${figures.draft.toFixed(3)} ` +
        `r ${figures.roundTrip.toFixed(3)} v(4) ${figures.verify(4).toFixed(3)}` };
}

function streaming(measured) {
    return loop(measured, 0);
}

// How often the cache had the correction is measured; unknown, it counts as always.
function branches(measured) {
    const { hits, misses } = measured.branches ?? {};
    const known = hits + misses > 0;
    const rate = known ? hits / (hits + misses) : 1;
    const out = loop(measured, rate);
    return { ...out, note: `${out.note} hit ${known ? rate.toFixed(2) : "1 (not measured)"}` };
}
