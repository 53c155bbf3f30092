// The statistics of the local bench: medians, how sure they are, and the speed-up that section 5 predicts.

export function median(values) {
    if (values.length === 0) return NaN;
    const sorted = [...values].sort((a, b) => a - b);
    const half = Math.floor(sorted.length / 2);
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// The 95 % interval of the median from order statistics, as `tightwad bench` has it: the innermost ranks
// (j, n+1-j) with P(Binomial(n, 1/2) < j) <= .025. Fewer than six values: the smallest and the largest.
export function medianInterval(values) {
    if (values.length === 0) return [NaN, NaN];
    const sorted = [...values].sort((a, b) => a - b);
    const n = sorted.length;
    let below = 0;
    let tail = 0;
    let logChoose = 0; // ln of n over k; by logarithms, because 2^-n underflows
    for (let k = 0; k < n / 2; k++) {
        if (k > 0) logChoose += Math.log((n - k + 1) / k);
        tail += Math.exp(logChoose - n * Math.LN2);
        if (tail > 0.025) break;
        below = k;
    }
    return [sorted[below], sorted[n - 1 - below]];
}

// E(gamma), the tokens a round is expected to yield when each draft token stands with probability alpha.
export const expectedTokens = (alpha, gamma) =>
    alpha >= 1 ? gamma + 1 : (1 - alpha ** (gamma + 1)) / (1 - alpha);

// The alpha whose E(gamma) is the measured number of tokens per round, by bisection; E rises with alpha.
export function solveAlpha(tokensPerRound, gamma) {
    let low = 0;
    let high = 1;
    for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (expectedTokens(middle, gamma) < tokensPerRound) low = middle;
        else high = middle;
    }
    return (low + high) / 2;
}

// The value at x of a table {"1": ms, "2": ms, …}, linear between its keys and beyond its last two.
export function interpolate(table, x) {
    const points = Object.entries(table).map(([key, value]) => [Number(key), value]).sort((a, b) => a[0] - b[0]);
    if (points.length === 0) return NaN;
    if (points.length === 1 || x <= points[0][0]) return points[0][1];
    let i = 1;
    while (i < points.length - 1 && points[i][0] < x) i++;
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

// The synchronous S = E(gamma) / (gamma c + r + v(gamma)). `totals` are sums over the measured answers:
// gamma is their drafted tokens per round, and alpha is solved from their tokens per round, because the
// answers do not tell how many positions were judged. c, r and v come from the pipeline's own running
// estimates, `draft_ms` being a token's; only drafts of a model cost c. `verify` is keyed by rows of a pass,
// and a draft of gamma tokens is gamma + 1 rows.
export function predictedSpeedup(totals, estimates) {
    const gamma = totals.drafted / totals.rounds;
    const paid = totals.byModel / totals.rounds;
    const alpha = solveAlpha(totals.tokens / totals.rounds, gamma);
    const step = estimates.step_ms;
    const c = estimates.draft_ms / step;
    const r = estimates.handover_ms / step;
    const v = interpolate(estimates.verify, gamma + 1) / step;
    return { gamma, alpha, c, r, v, speedup: expectedTokens(alpha, gamma) / (paid * c + r + v) };
}
