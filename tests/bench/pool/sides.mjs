// What is compared over one pool: llama-server and Tightwad, each without a draft and with one.
import { setTimeout as wait } from "node:timers/promises";
import { status } from "../local/ask.mjs";
import { story } from "../local/prompts.mjs";
import { sameKv, startOurs, startPeer } from "../local/servers.mjs";
import { tryEach } from "../local/sweep.mjs";
import { find, settle } from "../machines/pipelines.mjs";
import { startWorkers } from "./workers.mjs";

export const draft = "stories15m-q4_0.gguf";
const context = 256;
const upWithinMs = 1200000; // the weights pass the link, and the first start probes the exactness, which is kept
const lengths = [2, 4, 8, 16];

// Until the pool holds the model and, where one is configured, the drafter is there.
async function up(server, drafts) {
    for (const began = Date.now(); ; await wait(250)) {
        const page = await status(server);
        if (page.up && page.pool?.state === "up" && (!drafts || find(page, "drafters")?.some((one) => one.here))) return;
        if (page.pool?.starts > 2 || Date.now() - began > upWithinMs)
            throw new Error(`the pool of ${server.name} is not up: ${page.pool?.why ?? "no reason is told"}`);
    }
}

// The target over the workers, and a draft at home.
export const draftedOver = (model, workers) => ({ target: model, context, workers, draft });

export async function startPooled(bench, name, { model, workers, drafts, output, env }) {
    const server = await bench.start(startOurs, name,
        { ...draftedOver(model, workers), output, env, ...(!drafts && { draft: undefined }) });
    await up(server, drafts);
    return server;
}

// llama-server with the cache types of ours, so that both compute the same.
export const peerModel = (bench, model, workers) => ({ model, context, workers, flags: sameKv(bench) });

// One after the other: each loads over links of its own. Returns [{ name, server, workers, setting }].
export async function startSides(bench, row, maxTokens) {
    const servers = [];
    const add = async (name, start) => {
        const what = `${row.name} ${name}`;
        const workers = await startWorkers(bench, what, servers.length, row);
        servers.push({ name, workers, ...(await start(what, workers)) });
    };
    await add("peer", async (what, workers) =>
        ({ server: await bench.start(startPeer, what, peerModel(bench, row.model, workers)) }));
    await add("peerDraft", async (what, workers) => {
        const model = { ...peerModel(bench, row.model, workers), draft };
        const settings = lengths.map((n) => ({ name: `n-max ${n}`,
            flags: ["--spec-type", "draft-simple", "--spec-draft-n-max", String(n)] }));
        const [best] = await tryEach(bench, what, settings, model, story.slice(10), maxTokens);
        return { setting: best.name,
            server: await bench.start(startPeer, what, { ...model, flags: [...model.flags, ...best.flags] }) };
    });
    await add("pool", async (what, workers) =>
        ({ server: await startPooled(bench, what, { model: row.model, workers, drafts: false }) }));
    await add("draft", async (what, workers) => {
        const server = await startPooled(bench, what, { model: row.model, workers, drafts: true });
        await settle(server, story[11]);
        return { server };
    });
    return servers;
}

// What the shape of a pass and the place of the output layer do to the bytes of a round.
export const shapes = [
    { name: "one shape", env: { TIGHTWAD_PASS_SHAPE: "held" } },
    { name: "shapes of the drafts", env: { TIGHTWAD_PASS_SHAPE: "follows" } },
    { name: "shapes of the drafts, output layer on the last worker", env: { TIGHTWAD_PASS_SHAPE: "follows" },
        output: "last-worker" },
];

// Tightwad with a draft so; on rpc-servers of side number `side`, which must have ended if they were there.
export async function startShape(bench, row, side, { name, env, output }) {
    const what = `${row.name} ${name}`;
    const workers = await startWorkers(bench, what, side, row);
    const server = await startPooled(bench, what, { model: row.model, workers, drafts: true, env, output });
    await settle(server, story[11]);
    return { name, workers, server, stop: async () => {
        for (const one of [server, ...workers.flatMap(({ relay, rpcServer }) => [relay, rpcServer])]) await bench.stop(one);
    } };
}
