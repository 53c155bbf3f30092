// The programs of the simulated machines: which namespace, which core, which configuration.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { begin, freePort, ready, toml } from "../local/servers.mjs";

// As peers.sh has laid the wires: relays listen on `wire`, each machine has an address of its own.
const wire = "10.99.0.1";
const addresses = { proxy: "10.99.1.2", target: "10.99.2.2", drafter: "10.99.3.2" };
const cores = { target: "0", drafter: "1", proxy: "1", wire: "1" };
const token = "of-the-bench";
const target = "stories15m-q8_0-inflated.gguf";
const draft = "stories15m-q4_0.gguf";
const context = 256;
const readyWithinMs = 180000;

const engine = (place, model, slots, threads) =>
    toml({ plugin: "llamacpp", model_path: place.model(model), context, slots, ...(threads && { threads }) });

// A program of `machine`. `core` is where it is pinned: true = the machine's own, false = nowhere.
function run(place, machine, core, name, program, args, url, env = {}) {
    // This script itself sits on core 1, so a program that may run anywhere must be told so.
    const where = ["netns", "exec", `${place.net}-${machine}`, "taskset", "-c",
        core === true ? cores[machine] : core || place.allCores];
    return begin(place, name, "ours", "ip", [...where, program, ...args], url,
        { TIGHTWAD_STATE: join(place.out, `state-${name.replace(/[^a-z0-9]+/gi, "-")}`), TIGHTWAD_PEER_TOKEN: token, ...env });
}

function tightwad(place, machine, core, name, words, text, url, env) {
    const file = join(place.out, `${name.replace(/[^a-z0-9]+/gi, "-")}.toml`);
    writeFileSync(file, `schema = 1\n${text}`);
    return run(place, machine, core, name, place.tightwad, [...words, "-c", file,
        ...place.plugins.flatMap((folder) => ["--plugins-dir", folder])], url, env);
}

const peer = (machine, port, role, name) => `[peer]\n` + toml({ listen: `${addresses[machine]}:${port}`, machine: name,
    tls: false, [role]: [role === "targets" ? "target" : "draft"] }) + `token = { env = "TIGHTWAD_PEER_TOKEN" }\n`;

// Delays what goes to `port` of `machine`; returns what its callers use as the address.
async function relay(bench, machine, port, listen, rttMs) {
    const { place } = bench;
    const server = bench.own(run(place, "wire", true, `relay ${listen}`, place.relay, ["--listen", `${wire}:${listen}`,
        "--to", `${addresses[machine]}:${port}`, "--delay-ms", String(rttMs / 2), "--jitter-ms", String(place.jitterMs),
        "--rate", String(place.rate)]));
    return { server, url: `tw://${wire}:${listen}` };
}

// The bytes that a relay has forwarded, both ways.
export function forwarded(relayed) {
    return new Promise((resolve, reject) => {
        let text = "";
        const { stdout } = relayed.child;
        const late = setTimeout(() => finish(new Error(`${relayed.name} does not say what passed`)), 5000);
        const read = (bytes) => {
            text += bytes;
            const said = /forwarded (\d+) bytes\n/.exec(text);
            if (said) finish(null, Number(said[1]));
        };
        const finish = (failure, bytes) => {
            clearTimeout(late);
            stdout.off("data", read);
            if (failure) reject(failure);
            else resolve(bytes);
        };
        stdout.on("data", read);
        relayed.child.kill("SIGUSR1");
    });
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
// what is measured later. Returns a server per mode: its proxy.
export async function startMachines(bench, row, modes, { rttMs, pinned }, settle) {
    const { place } = bench;
    const threads = pinned ? 1 : undefined;
    const secret = `token = { env = "TIGHTWAD_PEER_TOKEN" }\n`;
    // Each mode has its own way to the drafter, so that what passes there is counted for it alone.
    const relays = [];
    for (const [i] of modes.entries()) relays.push({ target: await relay(bench, "target", 9191 + i, 9101 + i, rttMs),
        drafter: await relay(bench, "drafter", 9190, 9201 + i, rttMs) });
    const upAt = (server, { url }) => ready({ ...server, url: url.replace("tw:", "http:") }, readyWithinMs);

    const drafter = bench.own(tightwad(place, "drafter", pinned, `${row} drafter`, ["peer", "start"],
        `[backend.draft]\n${engine(place, draft, modes.length, threads)}` + peer("drafter", 9190, "drafts", "drafter"), null));
    await upAt(drafter, relays[0].drafter);
    const servers = [];
    for (const [i, mode] of modes.entries()) {
        const ways = relays[i];
        const far = bench.own(tightwad(place, "target", pinned, `${row} target ${mode.name}`, ["peer", "start"],
            `[backend.target]\n${engine(place, target, 1, threads)}` + peer("target", 9191 + i, "targets", `target-${mode.name}`),
            null, mode.env));
        await upAt(far, ways.target);
        const port = await freePort();
        const text = `[server]\nlisten = "127.0.0.1:${port}"\n[backend.target]\n` +
            toml({ plugin: "llamacpp", model: "target", url: ways.target.url }) + secret + `[backend.draft]\n` +
            toml({ plugin: "llamacpp", model: "draft", url: ways.drafter.url }) + secret + `[pipeline.bench]\n` +
            toml({ serves: ["bench"], target: "target", draft: ["draft"] });
        const proxy = bench.own(tightwad(place, "proxy", pinned, `${row} proxy ${mode.name}`, ["serve"], text,
            `http://127.0.0.1:${port}`));
        servers.push({ ...(await ready(proxy, readyWithinMs)), mode, relay: ways.drafter.server });
        await settle(servers.at(-1));
    }
    return servers;
}
