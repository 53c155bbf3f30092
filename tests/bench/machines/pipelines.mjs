// What a pipeline says of itself whose target is another process's.
import { setTimeout as wait } from "node:timers/promises";
import { ask, status } from "../local/ask.mjs";

const settledWithinMs = 60000;

// The first object under `key` anywhere in what a status says: a remote pipeline's own state lies deeper than a local
// one's.
export function find(tree, key) {
    if (tree === null || typeof tree !== "object") return undefined;
    if (tree[key] !== undefined && tree[key] !== null) return tree[key];
    for (const value of Object.values(tree)) {
        const found = find(value, key);
        if (found !== undefined) return found;
    }
    return undefined;
}

// Waits until the pipeline answers and a model drafts for it. One that never drafts is measured as it is.
export async function settle(server, prompt) {
    const began = Date.now();
    for (;;) {
        const answer = await ask(server, prompt, { maxTokens: 16 }).catch((failure) => {
            if (Date.now() - began > settledWithinMs) throw failure;
        });
        if (answer?.sources.model?.drafted > 0) return;
        if (answer && Date.now() - began > settledWithinMs / 4) return;
        await wait(250);
    }
}

// A pipeline on another machine says what that one said last, which is asked for every 2 s while somebody wants to
// know.
export async function freshStatus(server) {
    await status(server);
    await wait(4500);
    return status(server);
}
