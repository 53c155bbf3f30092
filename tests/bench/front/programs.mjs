// The programs of front.mjs: Tightwad on a core of its own, the stub and the load on the other one.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../support/free_port.mjs";
import { begin, ready, toml } from "../local/servers.mjs";
import { listens } from "../machines/programs.mjs";

const ours = "1", theirs = "0"; // cores

const run = promisify(execFile);

// { port, pieces, paceMs }, listening.
export async function startStub(place, name, { pieces, paceMs }) {
    const port = await freePort();
    const args = ["--port", port, "--pieces", pieces, "--pace-ms", paceMs].map(String);
    const server = begin(place, name, "stub", "taskset", ["-c", theirs, place.stub, ...args], `http://127.0.0.1:${port}`);
    return { ...(await listens(server, port)), port, pieces, paceMs };
}

// In front of the stub, serving "stub", with as many file descriptors as a login usually gives a program.
export async function startTightwad(place, name, stub) {
    const port = await freePort();
    const file = join(place.out, `${name}.toml`);
    writeFileSync(file, `schema = 1\n[server]\nlisten = "127.0.0.1:${port}"\n` +
        `[backend.far]\n${toml({ plugin: "llamacpp", url: stub.url })}[pipeline.p]\n${toml({ serves: ["stub"], target: "far" })}`);
    const args = ["-c", ours, "prlimit", "--nofile=1024:", place.tightwad, "serve", "-c", file,
        ...place.plugins.flatMap((folder) => ["--plugins-dir", folder])];
    const server = begin(place, name, "ours", "taskset", args, `http://127.0.0.1:${port}`, { TIGHTWAD_STATE: join(place.out, "state") });
    return { ...(await ready(server, 20000)), port };
}

// What tw_load prints, parsed.
export async function load(place, kind, options) {
    const words = Object.entries(options).flatMap(([key, value]) =>
        value === true ? [`--${key}`] : [value].flat().flatMap((one) => [`--${key}`, String(one)]));
    const { stdout } = await run("taskset", ["-c", theirs, place.load, kind, ...words], { maxBuffer: 1 << 28 });
    return JSON.parse(stdout);
}

// What wrk writes as "1.23ms".
const inMs = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function latencyOf(words, percent) {
    const [, number, unit] = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, "m").exec(words);
    return Number(number) * inMs[unit];
}

// { perSecond, p50, p99, failed } of `seconds` of wrk, latencies in milliseconds; its whole words are kept in a log.
export async function wrk(place, name, port, body, { connections, seconds }) {
    const { stdout } = await run("taskset", ["-c", theirs, "wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency",
        "-s", fileURLToPath(new URL("post.lua", import.meta.url)), `http://127.0.0.1:${port}/v1/chat/completions`, "--", body]);
    writeFileSync(join(place.logs, `wrk-${name}.log`), stdout);
    const failed = [/Non-2xx or 3xx responses: (\d+)/, /connect (\d+)/, /read (\d+)/, /write (\d+)/, /timeout (\d+)/]
        .reduce((sum, pattern) => sum + Number(pattern.exec(stdout)?.[1] ?? 0), 0);
    return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), p50: latencyOf(stdout, 50), p99: latencyOf(stdout, 99), failed };
}

// MB (10^6 bytes): "VmRSS" = what is resident now, "VmHWM" = the most that ever was. The kernel's kB has 1024 bytes.
export const memory = (server, key) =>
    Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) * 1024 / 1e6;
