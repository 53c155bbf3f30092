// The speed-up that the streaming loop of docs/speculation.md is expected to reach, by simulation.
//
// The model. All times in ms. The target's verifier takes verify(k) for a pass over the last token and k drafts, and
// verify(0) = step for a plain step. A drafter makes a token every `draft` ms; what leaves one side reaches the other
// `roundTrip` / 2 later. A draft token whose predecessors were all right is right with probability alpha, independently.
//
// The drafter streams from the last position it was told of. Whenever the verifier is free, it takes what has arrived:
// - Tokens for positions that it has meanwhile decided by itself (plain steps, the bonus token) are compared at no cost.
// - It may wait for more: until `wait` drafts are there (0 = it never waits). Right after a mismatch on a fast link, that
//   beats a plain step.
// - Of the others, at most `most`, as many are judged in one pass as yield most tokens per time, E(k) / verify(k); with
//   none, the pass is a plain step. A pass over k drafts of which a are right commits a + 1 tokens.
// - At the first wrong one the stream is void: the verifier sends the corrected token, the drafter restarts from there
//   half a round trip later, and what is still on its way is dropped.
// An answer is `answer` tokens long. It begins with nothing drafted, and takes `fixed` beside its passes: the time of
// the request, the prompt and the answer's way, with drafts or without.
//
// `branchHit` models the branch cache: with that probability the drafter had guessed the correction, and `branchTokens`
// tokens behind it are at the verifier already; the ones behind those come when the drafter, which learns of the mismatch
// half a round trip later, has made them. What branches cost the drafter is left out, so this is an upper figure.

import { expectedTokens } from "../local/stats.mjs";

// A generator of its own, so that a table is the same in every run (mulberry32).
export function randomNumbers(seed) {
    let state = seed | 0;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

// Of so many drafts that are there, how many a pass judges.
function worthJudging({ alpha, verify, most }) {
    const rate = (drafts) => expectedTokens(alpha, drafts) / verify(drafts);
    const best = [0];
    for (let there = 1; there <= most; there++)
        best.push(rate(there) > rate(best[there - 1]) ? there : best[there - 1]);
    return best;
}

// How many times as fast as the target alone the loop is, over answers of `tokens` tokens together.
export function simulateStreaming({ alpha, draft, roundTrip, verify, most = 32, wait = 0, branchHit = 0,
    branchTokens = 4, tokens = 20000, answer = tokens, fixed = 0, seed = 1 }) {
    const loop = { alpha, draft, oneWay: roundTrip / 2, verify, wait, branchHit, branchTokens, answer,
        judged: worthJudging({ alpha, verify, most }), random: randomNumbers(seed) };
    const answers = Math.max(1, Math.round(tokens / answer));
    let time = answers * fixed;
    for (let i = 0; i < answers; i++) time += simulateAnswer(loop);
    return (answers * (fixed + answer * verify(0))) / time;
}

function simulateAnswer({ alpha, draft, oneWay, verify, wait, branchHit, branchTokens, answer, judged, random }) {
    const right = () => random() < alpha;
    let now = 0;
    let committed = 0;
    let base = 0; // the position that the stream began behind
    let seen = 0; // tokens of it that were compared or judged
    let first = oneWay + draft + oneWay; // when its first token is here
    let cached = 0; // tokens of it that were here before it began
    const restart = () => {
        base = committed;
        seen = 0;
        cached = random() < branchHit ? branchTokens : 0;
        first = now + oneWay + draft + oneWay;
    };
    const arrivedBy = (time) => cached + (time < first ? 0 : Math.floor((time - first) / draft + 1 + 1e-9));
    const timeOf = (token) => (token <= cached ? 0 : first + draft * (token - cached - 1));
    while (committed < answer) {
        if (wait > 0) now = Math.max(now, timeOf(Math.max(seen, committed - base) + wait));
        const arrived = arrivedBy(now);
        let valid = true;
        while (valid && seen < Math.min(arrived, committed - base)) {
            seen++;
            valid = right();
        }
        if (!valid) restart();
        const there = valid ? Math.min(Math.max(0, arrived - seen), answer - committed - 1, judged.length - 1) : 0;
        const drafts = judged[there];
        let accepted = 0;
        while (accepted < drafts && right()) accepted++;
        now += verify(drafts);
        committed += accepted + 1;
        seen += accepted;
        if (accepted < drafts) restart();
    }
    return now;
}

// The best that a policy with the right patience can do.
export function predictStreaming(figures) {
    let best = { speedup: 0, wait: 0 };
    for (const wait of [0, 1, 2, 3, 4, 6, 8, 12, 16, 24]) {
        const speedup = simulateStreaming({ ...figures, wait });
        if (speedup > best.speedup) best = { speedup, wait };
    }
    return best;
}
