// Programs on the machines of namespaces.sh, and the relays between them.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { begin } from "../local/servers.mjs";

// Where relays listen, on the machine of that name; and the address of the machine with that number.
export const wire = "10.99.0.1";
export const address = (number) => `10.99.${number}.2`;

// A program of `machine`, pinned to `cores` such as "0" or "0-1".
export function run(place, machine, cores, name, kind, program, args, url, env) {
    const where = ["netns", "exec", `${place.net}-${machine}`, "taskset", "-c", cores];
    return begin(place, name, kind, "ip", [...where, program, ...args], url, env);
}

// Passes on what comes to `listen` of the wire to `port` of the machine with that number. `rate` = bytes per second,
// 0 = any.
export function relay(bench, { number, port, listen, delayMs, jitterMs = 0, rate = 0 }) {
    return bench.own(run(bench.place, "wire", "1", `relay ${listen}`, "relay", bench.place.relay,
        ["--listen", `${wire}:${listen}`, "--to", `${address(number)}:${port}`, "--delay-ms", String(delayMs),
            "--jitter-ms", String(jitterMs), "--rate", String(rate)]));
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

// Until the program listens on `port`: for one that would take a connection for its only client.
export async function listens(server, port, withinMs = 20000) {
    const listening = `:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`;
    for (const until = Date.now() + withinMs; ; await wait(50)) {
        if (server.child.exitCode !== null || server.child.signalCode !== null || Date.now() > until)
            throw new Error(`${server.name} does not listen on port ${port}; its words are in ${server.log}`);
        if (readFileSync(`/proc/${server.child.pid}/net/tcp`, "utf8").includes(listening)) return server;
    }
}
