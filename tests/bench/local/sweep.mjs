// Finds llama-server's best setting: every one on a few prompts, then the best three side by side.
import { ask } from "./ask.mjs";
import { grouped } from "./groups.mjs";
import { startPeer } from "./servers.mjs";
import { median } from "./stats.mjs";

const total = (answers) => answers.reduce((sum, answer) => sum + answer.ms / answer.tokens, 0);

// settings: [{ name, flags }]; returns them best first, with their `found` tokens/s. Every setting gets a fresh server,
// because some kinds learn from earlier answers.
export async function tryEach(bench, what, settings, model, prompts, maxTokens) {
    const results = [];
    for (const setting of settings) {
        const tell = bench.tell(`${what}: sweep`);
        tell(results.length, settings.length);
        const name = `${what} sweep ${setting.name}`;
        const flags = [...(model.flags ?? []), ...setting.flags];
        const server = await bench.start(startPeer, name, { ...model, flags });
        const answers = [];
        for (const prompt of prompts) {
            await ask(server, prompt, { maxTokens: 1 });
            answers.push(await ask(server, prompt, { maxTokens }));
        }
        results.push({ ...setting, msPerToken: total(answers) / answers.length,
            found: median(answers.map((answer) => (1000 * answer.tokens) / answer.ms)) });
        await bench.stop(server);
    }
    results.sort((a, b) => a.msPerToken - b.msPerToken);
    bench.keep(`${what} sweep`, results);
    return results;
}

// The best of the settings, decided between the first three by servers that are fresh again.
export async function sweep(bench, what, settings, model, prompts, finalPrompts, maxTokens) {
    const results = await tryEach(bench, what, settings, model, prompts, maxTokens);
    const finalists = results.slice(0, 3);
    const sides = [];
    for (const one of finalists)
        sides.push({ name: one.name, how: () => ({ maxTokens }),
            server: await bench.start(startPeer, `${what} final ${one.name}`, { ...model, flags: one.flags }) });
    const groups = await grouped(sides, finalPrompts, finalPrompts.length, bench.tell(`${what}: best three`));
    for (const side of sides) await bench.stop(side.server);
    for (const one of finalists) one.final = total(groups.map((group) => group[one.name]));
    return finalists.sort((a, b) => a.final - b.final)[0];
}
