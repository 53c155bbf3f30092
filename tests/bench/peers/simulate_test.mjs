// The simulation against the table of docs that was computed by another program, and on cases whose answer is known.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedTokens } from "../local/stats.mjs";
import { monotone } from "./modes.mjs";
import { predictStreaming, simulateStreaming } from "./simulate.mjs";

const verify = (k) => 1 + 0.01 * k;
const near = (got, wanted, within, what) =>
    assert.ok(Math.abs(got / wanted - 1) <= within, `${what}: ${got.toFixed(3)} instead of ${wanted}`);

// c, r, then the speed-up for alpha .6, .7, .8, .9: streaming, and with a branch cache (optimistic).
const table = [
    [0.05, 0.02, [1.84, 2.27, 3.02, 4.95], [2.18, 2.74, 3.62, 5.62]],
    [0.1, 0.3, [1.5, 1.84, 2.42, 3.75], [2.09, 2.6, 3.38, 4.8]],
    [0.1, 1, [1.26, 1.48, 1.92, 3.03], [1.94, 2.35, 2.94, 4.05]],
    [0.1, 3, [1.08, 1.18, 1.43, 2.15], [1.83, 2.11, 2.41, 2.98]],
    [0.2, 0.02, [1.48, 1.78, 2.25, 3.05], [2.07, 2.55, 3.21, 4.05]],
    [0.4, 0.1, [1.29, 1.43, 1.62, 1.94], [1.96, 2.31, 2.64, 2.78]],
];

test("streaming is the table's within 8 %, the branch cache's within 16 %", () => {
    for (const [draft, roundTrip, streaming, branches] of table)
        [0.6, 0.7, 0.8, 0.9].forEach((alpha, i) => {
            const figures = { alpha, draft, roundTrip, verify };
            const what = `alpha ${alpha} c ${draft} r ${roundTrip}`;
            near(predictStreaming(figures).speedup, streaming[i], 0.08, what);
            near(predictStreaming({ ...figures, branchHit: 1 }).speedup, branches[i], 0.16, `${what} with branches`);
        });
});

test("a drafter that is never right, or far away, costs nothing", () => {
    near(simulateStreaming({ alpha: 0, draft: 0.1, roundTrip: 0, verify: () => 1 }), 1, 1e-9, "never right");
    near(simulateStreaming({ alpha: 0.9, draft: 0.1, roundTrip: 1e9, verify }), 1, 1e-9, "far away");
});

test("a drafter that is always right and free is bounded by the longest draft", () => {
    const speedup = simulateStreaming({ alpha: 1, draft: 1e-6, roundTrip: 0, verify: () => 1, most: 8 });
    near(speedup, 9, 0.01, "most = 8");
});

test("an always right drafter sets the pace: 1/c and the token that each pass adds", () => {
    near(simulateStreaming({ alpha: 1, draft: 0.5, roundTrip: 0, verify: () => 1 }), 2, 0.01, "c = .5");
});

test("waiting for a fixed draft at no distance is the synchronous round", () => {
    const [alpha, draft, wait] = [0.8, 0.05, 6];
    const round = wait * draft + verify(wait);
    // After a whole draft that stood, the next one must also guess the bonus token, so this is a little less.
    const got = simulateStreaming({ alpha, draft, roundTrip: 0, verify, wait, most: wait, tokens: 200000 });
    near(got, expectedTokens(alpha, wait) / round, 0.15, "synchronous");
});

test("a pass judges no more drafts than pay, so that dear rows do not make the loop slower than plain steps", () => {
    const dear = (k) => (k === 0 ? 1 : 2.4 + 0.4 * k);
    for (const roundTrip of [0.01, 0.5, 2, 5]) {
        const speedup = simulateStreaming({ alpha: 0.8, draft: 0.03, roundTrip, verify: dear });
        assert.ok(speedup >= 1, `r ${roundTrip}: ${speedup}`);
    }
});

test("an answer begins without drafts, and what it takes beside its passes is not made shorter", () => {
    const free = { alpha: 1, draft: 1e-6, roundTrip: 0, verify: () => 1, most: 8, tokens: 900 };
    near(simulateStreaming({ ...free, answer: 9 }), 9 / 2, 1e-6, "a step without drafts, then one pass");
    near(simulateStreaming({ ...free, answer: 9, fixed: 9 }), 18 / 11, 1e-6, "as long again for the request");
    near(simulateStreaming({ ...free, answer: 9, roundTrip: 20 }), 1, 1e-6, "over before the first draft is here");
});

test("a pass over more rows is never taken to be cheaper", () => {
    assert.deepEqual(monotone({ 1: 10, 2: 15, 4: 20 }), { 1: 10, 2: 15, 4: 20 });
    assert.deepEqual(monotone({ 1: 10, 2: 30, 4: 20, 8: 40 }), { 1: 10, 2: 25, 4: 25, 8: 40 });
    assert.deepEqual(monotone({ 1: 30, 2: 20, 4: 10 }), { 1: 20, 2: 20, 4: 20 });
});
