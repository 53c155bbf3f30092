// Rows about drafts from models: the cases that must not be slow, the inflated target, long contexts.
import { status } from "./ask.mjs";
import { figure, short } from "./figures.mjs";
import { equality, grouped, ratios, samePrompts, sources, speeds, totals } from "./groups.mjs";
import { chat, long, stories, story } from "./prompts.mjs";
import { startOurs, startPeer } from "./servers.mjs";
import { sweep } from "./sweep.mjs";
import { predictedSpeedup } from "./stats.mjs";

const tinyllama = "tinyllama-1.1b-chat-q4_0.gguf";
const bad = "stories15m-q8_0.gguf";
const inflated = "stories15m-q8_0-inflated.gguf";
const good = "stories15m-q4_0.gguf";

const on = (server, maxTokens) => ({ name: "on", server, how: () => ({ maxTokens, speculate: true }) });
const off = (server, maxTokens) => ({ name: "off", server, how: () => ({ maxTokens, speculate: false }) });

const speedNote = (groups, ...sides) => "tok/s " + sides.map((side) => {
    const { tok_s, decode_tok_s } = speeds(groups, side);
    return `${side} ${short(tok_s)} (${short(decode_tok_s)})`;
}).join(", ");

// The drafters that must cost nothing. A killed drafter dies once, so that case is run in several lives.
const drafters = {
    "bad drafter": {},
    "random drafter": { plugin: "unruly", random: true },
    "drafter stalled 1 s": { plugin: "unruly", stall_ms: 1000, stall_every: 20 },
    "drafter killed": { plugin: "unruly", die_after: 70 },
};

async function slowestCase(bench, name, drafter) {
    const lives = drafter.die_after ? Math.min(5, bench.pairs) : 1;
    const maxTokens = bench.tokens(64);
    const groups = [];
    let exactness;
    let dead = 0;
    for (let life = 0; life < lives; life++) {
        const ours = await bench.start(startOurs, `slowest ${name}`, { target: tinyllama, draft: bad, drafter });
        const count = Math.ceil(bench.pairs / lives);
        const prompts = [...chat.slice(life * 2), ...chat.slice(0, life * 2)];
        groups.push(...await grouped([on(ours, maxTokens), off(ours, maxTokens)], prompts, count,
            bench.tell(`slowest: ${name}`), drafter.die_after ? null : prompts[0])); // it must not die unmeasured
        exactness = await bench.finish(ours);
        dead += bench.statuses.at(-1).speculation?.active === false ? 1 : 0;
    }
    return figure({ row: "slowest", what: `${name} / alone`, values: ratios(groups, "on", "off"), atLeast: 0.97,
        key: "slowest", ...equality(groups, "on", "off"), exactness,
        note: `${speedNote(groups, "on", "off")} ${sources(groups, "on")}` +
            (drafter.die_after ? ` dead in the end in ${dead} of ${lives} lives` : "") });
}

export async function slowest(bench) {
    for (const [name, drafter] of Object.entries(drafters))
        await bench.attempt(`slowest: ${name}`, async () => bench.add(await slowestCase(bench, name, drafter)), "slowest");
}

// What the same bad drafter costs llama-server, for comparison.
export async function badPeer(bench) {
    const plain = await bench.start(startPeer, "peer alone", { model: tinyllama });
    const drafting = await bench.start(startPeer, "peer bad drafter",
        { model: tinyllama, draft: bad, flags: ["--spec-type", "draft-simple"] });
    const how = () => ({ maxTokens: bench.tokens(64) });
    const groups = await grouped([{ name: "drafting", server: drafting, how }, { name: "plain", server: plain, how }],
        chat, Math.min(bench.pairs, 10), bench.tell("llama-server with the bad drafter"));
    bench.add(figure({ row: "bad peer", what: "llama-server bad drafter / its own alone",
        values: ratios(groups, "drafting", "plain"), note: speedNote(groups, "drafting", "plain") }));
}

export async function inflatedTarget(bench) {
    const heavy = bench.target ?? inflated;
    const maxTokens = bench.tokens(64);
    const flags = (n) => ["--spec-type", "draft-simple", "--spec-draft-n-max", String(n)];
    const peers = Array.from({ length: 12 }, (_, i) => ({ name: `n-max ${i + 1}`, flags: flags(i + 1) }));
    const model = { model: heavy, draft: good, context: 256 };
    const best = await sweep(bench, "inflated", peers, model, story.slice(10), story.slice(0, 4), maxTokens);
    const ours = await bench.start(startOurs, "inflated", { target: heavy, draft: good, context: 256 });
    const tuned = await bench.start(startPeer, "inflated peer best", { ...model, flags: best.flags });
    const usual = await bench.start(startPeer, "inflated peer default",
        { ...model, flags: ["--spec-type", "draft-simple"] });
    const peer = (name, server) => ({ name, server, how: () => ({ maxTokens }) });
    // Texts differ more than machines: each is accepted otherwise, and llama-server, whose cache rounds otherwise, goes on
    // with another text in half of them. So there are more texts than elsewhere, and more groups.
    const groups = await grouped([on(ours, maxTokens), peer("best", tuned), peer("usual", usual), off(ours, maxTokens)],
        stories, 4 * bench.pairs, bench.tell("inflated"));
    samePrompts(groups, "on", "best");
    const page = await status(ours);
    const exactness = await bench.finish(ours);
    const same = { ...equality(groups, "on", "off"), exactness };
    const row = bench.target ? `drafted (${heavy})` : "inflated (zero blocks added)";
    const gain = ratios(groups, "on", "off");
    const note = `${speedNote(groups, "on", "off", "best", "usual")} ${sources(groups, "on")}`;
    bench.add(figure({ row, what: "speed-up over alone", values: gain, ...same, note }));
    bench.add(figure({ row, what: `ours / llama-server best (${best.name})`, values: ratios(groups, "on", "best"),
        atLeast: 1, key: "inflated_vs_sweep", ...same }));
    bench.add(figure({ row, what: "ours / llama-server default n-max", values: ratios(groups, "on", "usual"),
        atLeast: 1.2, key: "inflated_vs_default", ...same }));
    const estimates = page.speculation?.estimates;
    if (!estimates) throw new Error("the status has no speculation.estimates, so nothing can be predicted");
    const s = predictedSpeedup(totals(groups, "on"), estimates);
    bench.add(figure({ row, what: "measured / predicted S", values: gain.map((x) => x / s.speedup), atLeast: 0.85,
        key: "inflated_vs_predicted", ...same,
        note: `S ${short(s.speedup)} of alpha ${short(s.alpha)} gamma ${short(s.gamma)} c ${short(s.c)} r ` +
            `${short(s.r)} v ${short(s.v)}` }));
}

// Answers past 512 cells, where a careless cache changes bits.
export async function longContexts(bench) {
    const ours = await bench.start(startOurs, "long", { target: tinyllama, draft: bad });
    const maxTokens = bench.tokens(64);
    const groups = await grouped([on(ours, maxTokens), off(ours, maxTokens)], long, Math.min(bench.pairs, long.length),
        bench.tell("long contexts"));
    const cells = Math.min(...groups.map((g) => g.on.promptTokens));
    if (cells <= 512) throw new Error(`the long prompts have only ${cells} tokens`);
    bench.add(figure({ row: "past 512", what: `on / alone, prompts >= ${cells}`, values: ratios(groups, "on", "off"),
        ...equality(groups, "on", "off"), exactness: await bench.finish(ours), note: speedNote(groups, "on", "off") }));
}
