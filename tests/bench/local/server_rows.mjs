// Rows about serving: eight streams at once, the fifth turn of a chat, the scheduler's own cost.
import { ask, askChat } from "./ask.mjs";
import { figure, short } from "./figures.mjs";
import { equality, grouped, ratios, speeds } from "./groups.mjs";
import { chat, conversation } from "./prompts.mjs";
import { sameKv, startOurs, startPeer } from "./servers.mjs";
import { median } from "./stats.mjs";

const target = "tinyllama-1.1b-chat-q4_0.gguf";

// Eight answers at once count as one: its time is the last one's, its tokens are the sum.
const crowd = (server, how) => async () => {
    const began = performance.now();
    const answers = await Promise.all(chat.slice(0, 8).map((prompt) => ask(server, prompt, how)));
    const sum = (key) => answers.reduce((total, answer) => total + answer[key], 0);
    return { ms: performance.now() - began, tokens: sum("tokens"), text: answers.map((a) => a.text).join("\u0000"),
        promptTokens: sum("promptTokens"), prefillMs: 0, rounds: sum("rounds"), drafted: sum("drafted"),
        accepted: sum("accepted"), sources: {} };
};

export async function eightStreams(bench) {
    const maxTokens = bench.tokens(48);
    const room = { context: 512, slots: 8 };
    const model = bench.target ?? target;
    const ours = await bench.start(startOurs, "eight", { target: model, draft: "stories15m-q8_0.gguf", ...room });
    const place = { model, ...room };
    const same = await bench.start(startPeer, "eight peer same KV", { ...place, flags: sameKv(bench) });
    const usual = await bench.start(startPeer, "eight peer defaults", place);
    const alone = [];
    for (const prompt of chat.slice(0, 8)) alone.push(await ask(ours, prompt, { maxTokens, speculate: false }));
    const side = (name, server, how) => ({ name, server, ask: crowd(server, { maxTokens, ...how }) });
    const groups = await grouped([side("auto", ours, { speculate: true }), side("same", same), side("usual", usual),
        side("off", ours, { speculate: false })], ["eight chat prompts"], bench.pairs, bench.tell("eight streams"));
    const exactness = await bench.finish(ours);
    const tokens = alone.reduce((sum, answer) => sum + answer.tokens, 0);
    const single = { text: alone.map((answer) => answer.text).join("\u0000"), tokens };
    for (const group of groups) group.single = single;
    const note = "tok/s of all " + ["auto", "off", "same", "usual"].map((name) =>
        `${name} ${short(speeds(groups, name).tok_s)}`).join(", ");
    const row = "8 streams";
    bench.add(figure({ row, what: "off / llama-server, same KV", values: ratios(groups, "off", "same"), atLeast: 0.97,
        key: "plain8", ...equality(groups, "off", "single"), exactness, note }));
    bench.add(figure({ row, what: "off / llama-server defaults", values: ratios(groups, "off", "usual"), exactness }));
    bench.add(figure({ row, what: "auto / off", values: ratios(groups, "auto", "off"), atLeast: 0.97, key: "auto8",
        ...equality(groups, "auto", "single"), exactness }));
}

// The fifth turn in several wordings over one history: each time all but the last message is known. The
// assistant's part of the history is our own answer; both servers read the same text.
export async function fifthTurn(bench) {
    const ours = await bench.start(startOurs, "ttft", { target });
    const peers = { usual: await bench.start(startPeer, "ttft peer defaults", { model: target }),
        same: await bench.start(startPeer, "ttft peer same KV", { model: target, flags: sameKv(bench) }) };
    const servers = [["ours", ours], ...Object.entries(peers)];
    const groups = [];
    const tell = bench.tell("fifth turn");
    for (let index = 0; groups.length < bench.pairs; index++) {
        const { turns, last } = conversation(index);
        const messages = [];
        for (const content of turns) {
            messages.push({ role: "user", content });
            const answers = {};
            for (const [name, server] of servers) answers[name] = await askChat(server, messages, { maxTokens: 24 });
            messages.push({ role: "assistant", content: answers.ours.text });
        }
        for (const content of last.slice(0, bench.pairs - groups.length)) {
            tell(groups.length, bench.pairs);
            const group = { prompt: content, messages: [...messages, { role: "user", content }] };
            for (const [name, server] of groups.length % 2 ? [...servers].reverse() : servers)
                group[name] = await askChat(server, group.messages, { maxTokens: 8 });
            groups.push(group);
        }
    }
    let equal = 0;
    for (const group of groups) {
        const alone = await askChat(ours, group.messages, { maxTokens: 8, speculate: false });
        equal += alone.text === group.ours.text ? 1 : 0;
    }
    const same = { equal, checked: groups.length, exactness: await bench.finish(ours) };
    const times = (name) => {
        const of = (key) => short(median(groups.map((group) => group[name][key])));
        return `${of("firstMs")} ms (${of("cached")} of ${of("promptTokens")} tokens cached)`;
    };
    const note = `ours ${times("ours")}, defaults ${times("usual")}, same KV ${times("same")}`;
    const slower = (peer) => groups.map((group) => group.ours.firstMs / group[peer].firstMs);
    bench.add(figure({ row: "turn 5, first text", what: "ours / llama-server defaults", values: slower("usual"),
        atMost: 1.1, key: "ttft_vs_peer", ...same, note }));
    bench.add(figure({ row: "turn 5, first text", what: "ours / llama-server, same KV", values: slower("same") }));
}

// Of every server of this run, the slowest median; the scheduler's figure excludes model and sampling.
export function schedulerCost(bench) {
    const worst = (key) => {
        const known = bench.statuses.map((page) => page.stats?.[key]).filter((value) => value !== undefined);
        return known.length ? Math.max(...known) : undefined;
    };
    const cost = worst("scheduler_us_p50");
    if (cost === undefined) throw new Error("no server's status tells scheduler_us_p50");
    bench.add(figure({ row: "scheduler", what: "µs a round, p50", value: cost, atMost: 100, key: "sched_us" }));
    bench.add(figure({ row: "scheduler", what: "µs a round on the wall, p50, others on its core included",
        value: worst("scheduler_wall_us_p50") }));
    bench.add(figure({ row: "sampling", what: "µs a round, p50", value: worst("sampling_us_p50") }));
}
