// A small server that speaks Ollama's documented API (docs/api.md there) with the text of a llama-server. Stricter than
// Ollama: a field that its documentation does not have is refused. Environment: LLAMA_URL; OLLAMA_PORT; OLLAMA_MODEL, the
// file of that llama-server, for its header; OLLAMA_LOGPROBS=no, as Ollamas before 0.12.11, which do not know them.
import { createServer } from 'node:http';
import { events } from './events.mjs';
import { readHeader } from './gguf_header.mjs';

const far = process.env.LLAMA_URL, name = 'stories:latest';
const likely = process.env.OLLAMA_LOGPROBS !== 'no';
// As PARAMETER lines of a Modelfile: for who says nothing of it.
const parameters = { temperature: 0, seed: 1, num_predict: 40 };

const known = {
  '/api/chat': ['model', 'messages', 'tools', 'think', 'format', 'options', 'stream', 'keep_alive', 'logprobs', 'top_logprobs'],
  '/api/generate': ['model', 'prompt', 'suffix', 'images', 'think', 'format', 'options', 'system', 'template', 'stream', 'raw',
    'keep_alive', 'context', 'logprobs', 'top_logprobs'],
  '/api/show': ['model', 'verbose'],
  message: ['role', 'content', 'thinking', 'images', 'tool_calls', 'tool_name'],
  options: ['num_keep', 'seed', 'num_predict', 'top_k', 'top_p', 'min_p', 'typical_p', 'repeat_last_n', 'temperature', 'repeat_penalty',
    'presence_penalty', 'frequency_penalty', 'penalize_newline', 'stop', 'numa', 'num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread'],
};

class Refusal extends Error {
  constructor(status, words) { super(words); this.status = status; }
}

function check(what, keys, object) {
  for (const key of Object.keys(object)) if (!keys.includes(key)) throw new Refusal(400, `${what} has no field ${key}`);
}

function options(of) {
  check('options', known.options, of ?? {});
  const { num_predict: most, num_ctx: ignored, ...same } = { ...parameters, ...of };
  return { ...same, ...(most > 0 ? { max_tokens: most } : {}) };
}

// The model has no form for tools: it reads of them in words.
function plain(message) {
  check('a message', known.message, message);
  const { role, content, tool_calls: calls, tool_name: tool } = message;
  if (role === 'tool') {
    if (!tool) throw new Refusal(400, 'the result of a tool does not say which one');
    return { role: 'user', content: `${tool}: ${content}` };
  }
  for (const call of calls ?? [])
    if (typeof call.function.arguments !== 'object') throw new Refusal(400, 'the arguments of a call are no object');
  return { role, content: calls ? JSON.stringify(calls) : content };
}

// The llama-server's stream; it ends when nobody waits for the reply any more.
async function made(path, body, reply) {
  const gone = new AbortController();
  reply.on('close', () => gone.abort());
  const answer = await fetch(`${far}${path}`, { method: 'POST', signal: gone.signal, headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }) });
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json()).error.message);
  return events(answer.body);
}

const stamp = () => ({ model: name, created_at: new Date().toISOString() });

// Token by token. The llama-server keeps the tokens back that end within a character, and tells the likelihood of the last alone.
async function generateLikely(asked, reply) {
  const { max_tokens: most, ...same } = options(asked.options);
  const stream = await made('/completion', { ...same, prompt: asked.prompt, n_predict: most, n_probs: Math.max(asked.top_logprobs, 1) }, reply);
  const entry = ({ token, logprob, bytes }) => ({ token, logprob, bytes });
  let told = 0;
  reply.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for await (const data of stream) {
    const event = JSON.parse(data);
    const whole = event.tokens_predicted === told + 1;
    told = event.tokens_predicted;
    if (event.stop) reply.end(`${JSON.stringify({ ...stamp(), response: '', done: true, done_reason: 'stop', eval_count: told })}\n`);
    else reply.write(`${JSON.stringify({ ...stamp(), response: event.content, done: false, ...(whole ? { logprobs:
      event.completion_probabilities.map((one) => ({ ...entry(one), top_logprobs: one.top_logprobs.map(entry) })) } : {}) })}\n`);
  }
}

async function answer(path, asked, reply) {
  const chat = path === '/api/chat';
  if (!chat && !asked.raw) throw new Refusal(400, 'only raw prompts are generated from here');
  if (asked.stream !== true) throw new Refusal(400, 'answers are only streamed from here');
  if (!chat && asked.logprobs && likely) return generateLikely(asked, reply);
  const input = chat ? { messages: asked.messages.map(plain) } : { prompt: asked.prompt };
  const stream = await made(`/v1/${chat ? 'chat/' : ''}completions`,
    { ...input, ...options(asked.options), stream_options: { include_usage: true } }, reply);
  const line = (text, rest) => ({ ...stamp(),
    ...(chat ? { message: { role: 'assistant', content: text } } : { response: text }), ...rest });
  let reason = 'stop', usage = {};
  reply.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for await (const data of stream) {
    if (data === '[DONE]') continue;
    const event = JSON.parse(data);
    usage = event.usage ?? usage;
    for (const choice of event.choices) {
      const text = choice.text ?? choice.delta.content ?? '';
      reason = choice.finish_reason ?? reason;
      if (text) reply.write(`${JSON.stringify(line(text, { done: false }))}\n`);
    }
  }
  const last = line('', { done: true, done_reason: reason, total_duration: 1, load_duration: 1,
    prompt_eval_count: usage.prompt_tokens, prompt_eval_duration: 1, eval_count: usage.completion_tokens, eval_duration: 1 });
  reply.end(`${JSON.stringify(last)}\n`);
}

async function body(request) {
  let text = '';
  for await (const bytes of request) text += bytes;
  return JSON.parse(text);
}

async function serve(request, reply) {
  const goes = (text) => text.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`); // as Go writes JSON
  const say = (object) => reply.writeHead(200, { 'content-type': 'application/json' }).end(goes(JSON.stringify(object)));
  if (request.method === 'GET' && request.url === '/api/version') return say({ version: '0.12.11' });
  if (request.method === 'GET' && request.url === '/api/tags') return say({ models: [{ name, model: name, size: 1 }] });
  const path = request.url;
  if (request.method !== 'POST' || !known[path]) throw new Refusal(404, '404 page not found');
  const asked = await body(request);
  check(path, known[path], asked);
  if (asked.model !== 'stories' && asked.model !== name) throw new Refusal(404, `model '${asked.model}' not found`);
  if (path !== '/api/show') return answer(path, asked, reply);
  return say({ modelfile: 'FROM stories', details: { family: 'llama', parameter_size: '15M', quantization_level: 'Q8_0' },
    model_info: asked.verbose ? readHeader(process.env.OLLAMA_MODEL) : { 'general.architecture': 'llama', 'llama.context_length': 1024 },
    capabilities: ['completion'] });
}

createServer((request, reply) => {
  serve(request, reply).catch((why) => {
    if (reply.headersSent) return reply.end(`${JSON.stringify({ error: why.message })}\n`);
    return reply.writeHead(why.status ?? 500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: why.message }));
  });
}).listen(Number(process.env.OLLAMA_PORT), '127.0.0.1');
