// The rpc-servers of one side and the relays before them.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { address, forwarded, listens, relay, run, wire } from "../machines/programs.mjs";

const delayMs = 5; // one way
const firstMachine = 2; // the first is home, where the endpoints run

// An rpc-server serves one program at a time, so each side has rpc-servers of its own: on every machine the one of side
// number `side` = 0, 1, … Layers are computed one machine after the other, so the workers share the core that home
// leaves. `bits` per second pass each way; with `cache`, a folder, the rpc-servers keep weights there.
// Returns [{ host, port, relay, rpcServer }].
export async function startWorkers(bench, name, side, { workers, bits }, cache) {
    const out = [];
    for (let i = 0; i < workers; i++) {
        const [number, port, listen] = [firstMachine + i, 50052 + side, 9100 + 10 * side + i];
        const args = ["-H", address(number), "-p", String(port), "-t", "1", ...(cache ? ["-c"] : [])];
        const rpcServer = bench.own(run(bench.place, `worker${i + 1}`, "0", `${name} rpc-server ${i + 1}`, "rpc-server",
            bench.place.rpcServer, args, null, cache ? { LLAMA_CACHE: join(cache, String(i + 1)) } : {}));
        await listens(rpcServer, port);
        const way = relay(bench, { number, port, listen, delayMs, rate: bits / 8 });
        await listens(way, listen);
        out.push({ host: wire, port: listen, relay: way, rpcServer });
    }
    return out;
}

// The bytes that passed between home and the workers, both ways.
export async function passed(workers) {
    let bytes = 0;
    for (const { relay: way } of workers) bytes += await forwarded(way);
    return bytes;
}

// The bytes that the workers' machines have received, headers of the network included.
export function received(bench, { workers }) {
    let bytes = 0;
    for (let i = 1; i <= workers; i++)
        bytes += Number(execFileSync("ip", ["netns", "exec", `${bench.place.net}-worker${i}`, "cat",
            "/sys/class/net/eth0/statistics/rx_bytes"], { encoding: "utf8" }));
    return bytes;
}
