// The bench's statistics on values whose answers are known: `node --test stats_test.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, lastLine } from "./figures.mjs";
import { expectedTokens, interpolate, median, medianInterval, predictedSpeedup, solveAlpha } from "./stats.mjs";

const oneTo = (n) => Array.from({ length: n }, (_, i) => n - i);

test("medians and their intervals have the ranks of the printed tables", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    for (const [n, low, high] of [[5, 1, 5], [6, 1, 6], [9, 2, 8], [20, 6, 15], [30, 10, 21], [100, 40, 61]])
        assert.deepEqual(medianInterval(oneTo(n)), [low, high]);
});

test("alpha is found again from the tokens of a round", () => {
    for (const [alpha, gamma] of [[0.3, 4], [0.81, 7.5], [0.99, 12]])
        assert.ok(Math.abs(solveAlpha(expectedTokens(alpha, gamma), gamma) - alpha) < 1e-9);
});

test("a table is linear between its keys and goes on beyond them", () => {
    const table = { 1: 10, 2: 15, 4: 17 };
    assert.deepEqual([0, 1, 1.5, 3, 4, 6].map((x) => interpolate(table, x)), [10, 10, 12.5, 16, 17, 19]);
});

test("the predicted speed-up is that of section 5", () => {
    const verify = { 1: 20, 9: 21.6 }; // v(k) = 1 + .01 k
    const got = predictedSpeedup({ rounds: 100, drafted: 800, byModel: 800, tokens: 100 * expectedTokens(0.8, 8) },
        { step_ms: 20, draft_ms: 1, handover_ms: 0.4, verify });
    assert.ok(Math.abs(got.alpha - 0.8) < 1e-9);
    assert.ok(Math.abs(got.speedup - expectedTokens(0.8, 8) / (8 * 0.05 + 0.02 + 1.08)) < 1e-9);
    const free = predictedSpeedup({ rounds: 100, drafted: 800, byModel: 0, tokens: 100 * expectedTokens(0.8, 8) },
        { step_ms: 20, draft_ms: 1, handover_ms: 0.4, verify });
    assert.ok(Math.abs(free.speedup - expectedTokens(0.8, 8) / (0.02 + 1.08)) < 1e-9);
});

test("the last line names the worst of a key, and '-' where nothing was measured", () => {
    const of = (key, value, more) => figure({ row: "r", what: "w", key, value, ...more });
    const figures = [of("slow", 2, { equal: 3, checked: 4 }), of("slow", 1.5), of("late", 7, { atMost: 9 }),
        of("late", 8, { atMost: 9 }), of("lost", undefined)];
    assert.equal(lastLine(figures, ["slow", "late", "lost", "none"]),
        "equal=0.7500 slow=1.500 late=8.000 lost=- none=-");
});
