// Starts and ends the servers that are compared: ours over a written configuration, and llama-server.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../../support/free_port.mjs";

const running = new Set();

// Until it answers /health with 200; an error when it ends first, or after `withinMs`.
export async function ready(server, withinMs = Infinity) {
    const began = Date.now();
    for (;;) {
        if (server.child.exitCode !== null || server.child.signalCode !== null)
            throw new Error(`${server.name} ended while it started; its words are in ${server.log}`);
        const answer = await fetch(`${server.url}/health`).catch(() => null);
        if (answer?.status === 200) return server;
        if (Date.now() - began > withinMs)
            throw new Error(`${server.name} is not ready after ${withinMs / 1000} s; its words are in ${server.log}`);
        await wait(100);
    }
}

// A server's name as part of a file's.
export const slug = (name) => name.replace(/[^a-z0-9]+/gi, "-");

// A program that runs until stop() or killAll(); `url` is where it serves, if anywhere. Its stdout may be read here; its
// stderr goes to the log past this process, which a line for each request would keep busy.
export function begin(place, name, kind, program, args, url, env = {}) {
    mkdirSync(place.logs, { recursive: true });
    const log = join(place.logs, `${slug(name)}.log`);
    const out = openSync(log, "w");
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", out] });
    child.stdout.on("data", (bytes) => writeSync(out, bytes));
    const ended = new Promise((resolve) => {
        child.on("exit", resolve);
        child.on("error", resolve);
    });
    const server = { name, kind, child, log, url, ended };
    server.stop = async () => {
        running.delete(server);
        child.kill("SIGTERM");
        const hard = setTimeout(() => child.kill("SIGKILL"), 20000);
        await ended;
        clearTimeout(hard);
    };
    running.add(server);
    return server;
}

const launch = (place, name, kind, program, args, port, env) =>
    ready(begin(place, name, kind, program, args, `http://127.0.0.1:${port}`, env));

export function killAll() {
    for (const server of running) server.child.kill("SIGKILL");
}

export const toml = (table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join("");

const equalShares = (workers) => workers.map(() => 1).join(",");

// The target's layers in equal shares on rpc-servers that nothing protects; `output` says where the output layer lies.
const poolText = (workers, output) => "[pool.bench]\n" + toml({ plugin: "rpc-coordinator", insecure: true,
    ...(output && { output }) }) + "workers = [" + workers.map(
    ({ host, port }) => `{ host = "${host}", rpc_port = ${port}, device = "CPU" }`).join(", ") + "]\n";

// Writes the configuration that { target, draft, context, slots, drafter, workers, output } describes: `draft` is a model
// file or none, `drafter` the plugin that runs it with options of its own, `workers` are [{ host, port }] that hold the
// target. The draft length is left to the policy.
export async function writeOurs(place, name, { target, draft, context = 2048, slots = 1, drafter = {}, workers, output }) {
    const port = await freePort();
    const file = join(place.out, `${slug(name)}.toml`);
    const threads = place.threads;
    let text = `schema = 1\n[server]\nlisten = "127.0.0.1:${port}"\n[backend.target]\n`;
    text += toml({ plugin: "llamacpp", model_path: place.model(target), context, slots, threads,
        ...(workers && { pool: "bench", tensor_split: equalShares(workers) }) });
    if (draft) {
        text += "[backend.draft]\n";
        text += toml({ plugin: "llamacpp", model_path: place.model(draft), context: Math.min(context, 256), slots,
            threads, ...drafter });
    }
    text += "[pipeline.bench]\n" + toml({ serves: ["bench"], target: "target", ...(draft && { draft: ["draft"] }),
        max_draft_tokens: "auto", fallback: false });
    if (workers) text += poolText(workers, output);
    writeFileSync(file, text);
    return { file, port };
}

// Serves what writeOurs() writes; `what.env` is the program's.
export async function startOurs(place, name, what) {
    const { file, port } = await writeOurs(place, name, what);
    const args = ["serve", "-c", file, ...place.plugins.flatMap((folder) => ["--plugins-dir", folder])];
    return launch(place, name, "ours", place.tightwad, args, port,
        { TIGHTWAD_STATE: join(place.out, `state-${slug(name)}`), ...what.env });
}

// llama-server with as many threads as ours and one slot, or what `flags` say. With `workers` they hold the model, and
// the draft stays here.
export async function startPeer(place, name, { model, draft, context = 2048, slots = 1, flags = [], workers }) {
    const port = await freePort();
    const threads = String(place.threads);
    const args = ["-m", place.model(model), "--host", "127.0.0.1", "--port", String(port), "-t", threads, "-tb",
        threads, "-c", String(context * slots), "-np", String(slots), "--no-webui"];
    if (draft) args.push("-md", place.model(draft), "-td", threads, "-tbd", threads);
    if (workers) args.push("--rpc", workers.map(({ host, port }) => `${host}:${port}`).join(","), "-ngl", "99", "-ts",
        equalShares(workers), "-fit", "off");
    if (workers && draft) args.push("-devd", "none", "-ngld", "0");
    return launch(place, name, "peer", place.peer, [...args, ...flags], port);
}

// The KV settings that Tightwad takes itself, for a like-for-like comparison: exact ones on the CPU, F16 on a GPU.
export const sameKv = (bench) => [...(bench.gpu ? [] : ["-ctv", "bf16", "-fa", "on"]), "-ctk", "f16", "--no-kv-unified"];
