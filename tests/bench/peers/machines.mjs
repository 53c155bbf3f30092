// The programs of the simulated machines: which namespace, which core, which configuration.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../support/free_port.mjs";
import { ready, slug, toml } from "../local/servers.mjs";
import { address, relay, run, wire } from "../machines/programs.mjs";

// In the order in which peers.sh makes them.
const numbers = { proxy: 1, target: 2, drafter: 3 };
const cores = { target: "0", drafter: "1", proxy: "1" };
const token = "of-the-bench";
const loopback = "127.0.0.1";
const target = "stories15m-q8_0-inflated.gguf";
const draft = "stories15m-q4_0.gguf";
const context = 256;
const readyWithinMs = 600000; // the first start probes the exactness of these settings, which is kept

const engine = (place, model, slots, threads) =>
    toml({ plugin: "llamacpp", model_path: place.model(model), context, slots, ...(threads && { threads }) });

// Tightwad on `machine`. `core` is where it is pinned, false = nowhere.
function tightwad(place, machine, core, name, words, text, url, env) {
    const file = join(place.out, `${slug(name)}.toml`);
    writeFileSync(file, `schema = 1\n${text}`);
    // The bench itself sits on core 1, so a program that may run anywhere must be told so.
    return run(place, machine, core || place.allCores, name, "ours", place.tightwad,
        [...words, "-c", file, ...place.plugins.flatMap((folder) => ["--plugins-dir", folder])], url,
        { TIGHTWAD_STATE: join(place.out, `state-${slug(name)}`), TIGHTWAD_PEER_TOKEN: token, ...env });
}

const peer = (host, port, role, name) => `[peer]\n` + toml({ listen: `${host}:${port}`, machine: name,
    tls: false, [role]: [role === "targets" ? "target" : "draft"] }) + `token = { env = "TIGHTWAD_PEER_TOKEN" }\n`;

// Delays what goes to `port` of `machine`; `url` is what its callers use as the address. Without a `rttMs` nothing lies
// between.
function way(bench, machine, port, listen, rttMs) {
    if (rttMs === undefined) return { url: `tw://${loopback}:${port}` };
    const { jitterMs, rate } = bench.place;
    return { server: relay(bench, { number: numbers[machine], port, listen, delayMs: rttMs / 2, jitterMs, rate }),
        url: `tw://${wire}:${listen}` };
}

// The target in a process of its own without any network: what every answer must equal.
export async function startLocal(bench) {
    const { place } = bench;
    const port = await freePort();
    const text = `[server]\nlisten = "127.0.0.1:${port}"\n[backend.target]\n${engine(place, target, 1, 1)}` +
        `[pipeline.bench]\n${toml({ serves: ["bench"], target: "target" })}`;
    const server = tightwad(place, "proxy", cores.target, "local", ["serve"], text, `http://127.0.0.1:${port}`);
    bench.own(server);
    return ready(server, readyWithinMs);
}

// One drafter's machine, and per mode a target and a proxy with relays between: one mode after the other, because a
// machine measures its passes when it starts, and two on one core would measure each other. `settle(server)` waits for
// what is measured later. Returns a server per mode: its proxy. Without a `rttMs` the programs share one machine's loopback.
export async function startMachines(bench, row, modes, { rttMs, pinned }, settle) {
    const { place } = bench;
    const threads = pinned ? 1 : undefined;
    const near = rttMs === undefined;
    const host = (machine) => (near ? loopback : address(numbers[machine]));
    const start = (machine, ...what) => bench.own(tightwad(place, near ? "proxy" : machine, pinned && cores[machine], ...what));
    const secret = `token = { env = "TIGHTWAD_PEER_TOKEN" }\n`;
    // Each mode has its own way to the drafter, so that what passes there is counted for it alone.
    const relays = [];
    for (const [i] of modes.entries()) relays.push({ target: way(bench, "target", 9191 + i, 9101 + i, rttMs),
        drafter: way(bench, "drafter", 9190, 9201 + i, rttMs) });
    const upAt = (server, { url }) => ready({ ...server, url: url.replace("tw:", "http:") }, readyWithinMs);

    const drafter = start("drafter", `${row} drafter`, ["peer", "start"],
        `[backend.draft]\n${engine(place, draft, modes.length, threads)}` + peer(host("drafter"), 9190, "drafts", "drafter"), null);
    await upAt(drafter, relays[0].drafter);
    const servers = [];
    for (const [i, mode] of modes.entries()) {
        const ways = relays[i];
        const far = start("target", `${row} target ${mode.name}`, ["peer", "start"],
            `[backend.target]\n${engine(place, target, 1, threads)}` + peer(host("target"), 9191 + i, "targets", `target-${mode.name}`),
            null, mode.env);
        await upAt(far, ways.target);
        const port = await freePort();
        const text = `[server]\nlisten = "127.0.0.1:${port}"\n[backend.target]\n` +
            toml({ plugin: "llamacpp", model: "target", url: ways.target.url }) + secret + `[backend.draft]\n` +
            toml({ plugin: "llamacpp", model: "draft", url: ways.drafter.url }) + secret + `[pipeline.bench]\n` +
            toml({ serves: ["bench"], target: "target", draft: ["draft"] });
        const proxy = start("proxy", `${row} proxy ${mode.name}`, ["serve"], text, `http://127.0.0.1:${port}`);
        servers.push({ ...(await ready(proxy, readyWithinMs)), mode, relay: ways.drafter.server });
        await settle(servers.at(-1));
    }
    return servers;
}
