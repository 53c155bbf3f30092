// One request to one server, timed by the client's wall clock, in a shape both servers share.
import { performance } from "node:perf_hooks";

async function post(server, path, body) {
    const began = performance.now();
    const answer = await fetch(server.url + path, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    const json = await answer.json();
    const ms = performance.now() - began;
    if (answer.status !== 200)
        throw new Error(`${server.name} answered ${answer.status}: ${JSON.stringify(json.error ?? json)}`);
    return { json, ms };
}

const endOfText = 2; // </s> in the vocabulary of both models; banned, so that all answers have one length

async function askOurs(server, prompt, { maxTokens, speculate = true, prediction }) {
    const { json, ms } = await post(server, "/v1/completions", {
        model: "bench", prompt, max_tokens: maxTokens, temperature: 0, seed: 1, logit_bias: { [endOfText]: -100 },
        tightwad: { speculation: speculate },
        ...(prediction !== undefined && { prediction: { type: "content", content: prediction } }),
    });
    const own = json.tightwad ?? {};
    const details = json.usage.completion_tokens_details ?? {};
    return {
        ms, text: json.choices[0].text, tokens: json.usage.completion_tokens,
        promptTokens: json.usage.prompt_tokens, cached: json.usage.prompt_tokens_details?.cached_tokens ?? 0,
        prefillMs: own.prefill_ms ?? 0, rounds: own.rounds ?? 0, drafted: own.drafted ?? 0, accepted: own.accepted ?? 0,
        sources: own.sources ?? {}, predictedRight: details.accepted_prediction_tokens ?? 0,
        predictedWrong: details.rejected_prediction_tokens ?? 0,
    };
}

// One sampler that keeps one token: the peer does no needless work.
async function askPeer(server, prompt, { maxTokens }) {
    const { json, ms } = await post(server, "/completion", {
        prompt, n_predict: maxTokens, temperature: 0, top_k: 1, samplers: ["top_k"], ignore_eos: true,
        cache_prompt: true, stream: false,
    });
    return {
        ms, text: json.content, tokens: json.tokens_predicted, promptTokens: json.tokens_evaluated,
        cached: json.timings?.cache_n ?? 0, prefillMs: json.timings?.prompt_ms ?? 0, rounds: 0,
        drafted: json.timings?.draft_n ?? 0, accepted: json.timings?.draft_n_accepted ?? 0, sources: {},
    };
}

// The whole answer. `ms` is from the request to the last byte; streaming is off.
export const ask = (server, prompt, how) =>
    server.kind === "ours" ? askOurs(server, prompt, how) : askPeer(server, prompt, how);

// A chat answer as a stream: milliseconds to its first text, all of it, and the prompt's tokens.
export async function askChat(server, messages, { maxTokens, speculate = true }) {
    const body = { model: "bench", messages, max_tokens: maxTokens, temperature: 0, stream: true,
        stream_options: { include_usage: true } };
    if (server.kind === "ours") body.tightwad = { speculation: speculate };
    else Object.assign(body, { top_k: 1, samplers: ["top_k"], cache_prompt: true });
    const began = performance.now();
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.status !== 200) throw new Error(`${server.name} answered ${answer.status}: ${await answer.text()}`);
    let firstMs = NaN;
    let text = "";
    let rest = "";
    let usage = {};
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = lines.pop();
        for (const line of lines) {
            if (!line.startsWith("data: {")) continue;
            const event = JSON.parse(line.slice(6));
            usage = event.usage ?? usage;
            const piece = event.choices?.[0]?.delta?.content;
            if (!piece) continue;
            if (text === "") firstMs = performance.now() - began;
            text += piece;
        }
    }
    return { firstMs, text, promptTokens: usage.prompt_tokens, cached: usage.prompt_tokens_details?.cached_tokens };
}

export async function status(server) {
    const page = await (await fetch(`${server.url}/v1/tightwad/status`)).json();
    return page.pipelines?.[0] ?? {};
}
