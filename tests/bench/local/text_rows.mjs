// Rows about drafts from text: n-grams against llama-server's kinds, and the client's own prediction.
import { ask } from "./ask.mjs";
import { figure, short } from "./figures.mjs";
import { equality, grouped, ratios, samePrompts, sources, speeds } from "./groups.mjs";
import { chat, deciding, kindOf, story, sweeping } from "./prompts.mjs";
import { sameKv, startOurs, startPeer } from "./servers.mjs";
import { median } from "./stats.mjs";
import { sweep } from "./sweep.mjs";

const target = "tinyllama-1.1b-chat-q4_0.gguf";

// Every n-gram kind as it comes and with shorter patterns, which suit answers of a hundred tokens better.
const sized = (kind) => [[], [3, 8], [4, 16], [6, 24]].map((sizes) => ({
    name: [kind, ...sizes].join(" "),
    flags: ["--spec-type", kind, ...(sizes.length ? [`--spec-${kind}-size-n`, String(sizes[0]), `--spec-${kind}-size-m`,
        String(sizes[1])] : [])],
}));
const mod = (match, least, most) => ({ name: `ngram-mod ${match} ${least} ${most}`, flags: ["--spec-type", "ngram-mod",
    "--spec-ngram-mod-n-match", String(match), "--spec-ngram-mod-n-min", String(least), "--spec-ngram-mod-n-max",
    String(most)] });
const kinds = [...sized("ngram-simple"), ...sized("ngram-map-k"), ...sized("ngram-map-k4v"),
    { name: "ngram-mod", flags: ["--spec-type", "ngram-mod"] }, mod(16, 1, 16), mod(8, 1, 8),
    { name: "ngram-cache", flags: ["--spec-type", "ngram-cache"] }];

const tokS = (groups, ...sides) =>
    "tok/s " + sides.map((side) => `${side} ${short(speeds(groups, side).tok_s)}`).join(", ");

// The prompts that looked worst, measured anew with as many pairs as a ratio that decides must have, so
// that the choice of the worst one does not choose the noise.
async function worstPrompts(bench, sides, groups) {
    const again = await grouped(sides, deciding, Math.min(groups.length, deciding.length),
        bench.tell("n-gram: every prompt again"));
    const prompts = [...new Set(groups.map((group) => group.prompt))];
    const seen = (prompt) =>
        median(ratios([...groups, ...again].filter((group) => group.prompt === prompt), "on", "off"));
    prompts.sort((a, b) => seen(a) - seen(b));
    for (const prompt of prompts.slice(0, 2)) {
        const fresh = await grouped(sides, [prompt], bench.pairs, bench.tell("n-gram: a worst prompt"));
        const exactness = await bench.exactness(sides[0].server);
        bench.add(figure({ row: "n-gram", what: `worst prompts / alone (${kindOf(prompt)})`,
            values: ratios(fresh, "on", "off"), atLeast: 1, ...equality(fresh, "on", "off"), exactness,
            note: `${tokS(fresh, "on", "off")} ${sources(fresh, "on")} ${JSON.stringify(prompt.slice(0, 40))}` }));
    }
}

// Every deciding prompt is asked of the peer once: some of its kinds would know a repeated answer by heart.
export async function ngram(bench) {
    const maxTokens = bench.tokens(96);
    const best = await sweep(bench, "n-gram", kinds, { model: target }, sweeping, deciding.slice(0, 6), maxTokens);
    const ours = await bench.start(startOurs, "n-gram", { target });
    const peer = await bench.start(startPeer, "n-gram peer", { model: target, flags: best.flags });
    const sides = [{ name: "on", server: ours, how: () => ({ maxTokens, speculate: true }) },
        { name: "off", server: ours, how: () => ({ maxTokens, speculate: false }) }];
    const groups = await grouped([...sides, { name: "peer", server: peer, how: () => ({ maxTokens }) }], deciding,
        bench.pairs, bench.tell("n-gram"), sweeping[0]);
    samePrompts(groups, "on", "peer");
    await bench.stop(peer);
    const exactness = await bench.exactness(ours);
    const row = "n-gram";
    bench.add(figure({ row, what: `ours / llama-server ${best.name}`, values: ratios(groups, "on", "peer"),
        atLeast: 1.1, key: "ngram_vs_peer", ...equality(groups, "on", "off"), exactness,
        note: `${tokS(groups, "on", "off", "peer")} ${sources(groups, "on")}` }));
    for (const kind of ["story", "chat", "quoting"]) {
        const some = groups.filter((group) => kindOf(group.prompt) === kind);
        if (some.length === 0) continue;
        const same = { ...equality(some, "on", "off"), exactness };
        const note = tokS(some, "on", "off", "peer");
        bench.add(figure({ row, what: `${kind}: ours / llama-server`, values: ratios(some, "on", "peer"), ...same,
            note }));
        bench.add(figure({ row, what: `${kind}: ours / alone`, values: ratios(some, "on", "off"), ...same,
            note: sources(some, "on") }));
    }
    await worstPrompts(bench, sides, groups);
    await bench.finish(ours);
}

export async function prediction(bench) {
    const maxTokens = bench.tokens(96);
    const ours = await bench.start(startOurs, "prediction", { target });
    const prompts = chat.slice(0, Math.max(2, Math.min(bench.pairs, 10)));
    const truth = new Map();
    for (const prompt of prompts) truth.set(prompt, (await ask(ours, prompt, { maxTokens, speculate: false })).text);
    const other = (prompt) => truth.get(prompts[(prompts.indexOf(prompt) + 1) % prompts.length]);
    const groups = await grouped([
        { name: "right", server: ours, how: (prompt) => ({ maxTokens, prediction: truth.get(prompt) }) },
        { name: "wrong", server: ours, how: (prompt) => ({ maxTokens, prediction: other(prompt) }) },
        { name: "off", server: ours, how: () => ({ maxTokens, speculate: false }) },
    ], prompts, bench.pairs, bench.tell("prediction"));
    const exactness = await bench.finish(ours);
    for (const [side, atLeast] of [["right", 2.5], ["wrong", 0.97]]) {
        const taken = groups.reduce((sum, group) => sum + group[side].predictedRight, 0);
        const refused = groups.reduce((sum, group) => sum + group[side].predictedWrong, 0);
        bench.add(figure({ row: "prediction", what: `${side} / alone`, values: ratios(groups, side, "off"), atLeast,
            key: `prediction_${side}`, ...equality(groups, side, "off"), exactness,
            note: `${tokS(groups, side, "off")}; predicted tokens accepted ${taken}, rejected ${refused}` }));
    }
}

// One stream, nothing drafted. Where a process's weights happen to lie in memory is worth some per cent for as long as it
// runs, so that one start of each server would be one draw: they are started anew after every few groups.
const groupsOfAStart = 6;

export async function plain(bench) {
    const maxTokens = bench.tokens(64);
    const model = bench.target ?? target;
    const prompts = bench.target ? story : deciding;
    const starters = [["off", startOurs, { target: model }],
        ["same", startPeer, { model, flags: sameKv(bench) }], ["usual", startPeer, { model }]];
    const groups = [];
    const starts = [];
    let exactness;
    while (groups.length < bench.pairs) {
        const sides = [];
        for (const [name, starter, what] of starts.length % 2 ? [...starters].reverse() : starters)
            sides.push({ name, server: await bench.start(starter, `plain ${name}`, what),
                how: () => ({ maxTokens, ...(name === "off" && { speculate: false }) }) });
        const from = groups.length % prompts.length;
        const some = await grouped(sides, [...prompts.slice(from), ...prompts.slice(0, from)],
            Math.min(groupsOfAStart, bench.pairs - groups.length), bench.tell(`plain, start ${starts.length + 1}`));
        groups.push(...some);
        starts.push(short(median(ratios(some, "off", "same"))));
        for (const { name, server } of sides) {
            if (name === "off") exactness = await bench.finish(server);
            else await bench.stop(server);
        }
    }
    samePrompts(groups, "off", "same");
    const note = `${tokS(groups, "off", "same", "usual")}; by start ${starts.join(", ")}`;
    const row = "plain, 1 stream";
    bench.add(figure({ row, what: "ours / llama-server, same KV", values: ratios(groups, "off", "same"), atLeast: 0.97,
        key: "plain1", exactness, note }));
    bench.add(figure({ row, what: "ours / llama-server defaults", values: ratios(groups, "off", "usual"), exactness }));
}
