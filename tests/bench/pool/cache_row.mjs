// What is sent to the workers when a model is loaded, and again when their cache (rpc-server -c) knows it.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { figure } from "../local/figures.mjs";
import { startPeer } from "../local/servers.mjs";
import { peerModel, startPooled } from "./sides.mjs";
import { received, startWorkers } from "./workers.mjs";

const row = { workers: 2, bits: 1e9 };
const models = ["stories15m-f32.gguf", "tinyllama-1.1b-chat-q4_0.gguf"];
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

// The bytes that go to the workers until a server is ready: [the first time, the second].
async function sent(bench, name, workers, start) {
    const bytes = [];
    for (const time of ["first", "again"]) {
        const before = received(bench, row);
        const server = await start(`${name} ${time}`, workers);
        bytes.push(received(bench, row) - before);
        await bench.stop(server);
    }
    return bytes;
}

async function loads(bench, model) {
    const weights = statSync(bench.place.model(model)).size;
    const starts = {
        "llama-server": (name, workers) => bench.start(startPeer, name, peerModel(bench, model, workers)),
        Tightwad: (name, workers) => startPooled(bench, name, { model, workers, drafts: false }),
    };
    for (const [i, [who, start]] of Object.entries(starts).entries()) {
        const side = i + 1; // Tightwad's is that of its pool in the other rows: what was probed there is known here
        const cache = join(bench.place.out, `worker-cache-${side}`);
        rmSync(cache, { recursive: true, force: true });
        const workers = await startWorkers(bench, `cache ${who}`, side, row, cache);
        const [first, again] = await sent(bench, `cache ${who}`, workers, start);
        bench.add(figure({ row: "cache", what: `${who}, ${model}: sent again / size of the file`,
            value: again / weights, ...(who === "Tightwad" && { atMost: 0.05 }),
            note: `file ${mb(weights)}, sent ${mb(first)}, again ${mb(again)}` }));
    }
}

export async function workerCache(bench) {
    for (const model of models) await bench.attempt(`cache ${model}`, () => loads(bench, model));
}
