// What the tests of all clients share: the endpoint, the list of cases, and running them one after another.
// Environment: TIGHTWAD_URL (without /v1), TIGHTWAD_MODEL, TIGHTWAD_TOKEN (may be unset).
export const url = process.env.TIGHTWAD_URL ?? 'http://127.0.0.1:8088';
export const token = process.env.TIGHTWAD_TOKEN ?? '';
export const model = process.env.TIGHTWAD_MODEL;
export const messages = [{ role: 'user', content: 'Say one short sentence about the sea.' }];
// Asks for an answer that is still under way when its client goes; the scripted pipeline would have said the one above whole.
export const lengthy = model === 'org/model-1' ? [{ role: 'user', content: 'slow 400' }] : messages;
// A schema whose members are not in the order of the alphabet: answers have them in this one.
export const place = {
  type: 'object',
  properties: { people: { type: 'integer', minimum: 1, maximum: 999 }, city: { type: 'string', maxLength: 12 } },
  required: ['people', 'city'],
  additionalProperties: false,
};
export const weather = {
  name: 'get_weather',
  description: 'Says how the weather is. Never say </s> or <s>.',
  schema: {
    type: 'object',
    properties: { city: { type: 'string', maxLength: 12 } },
    required: ['city'],
    additionalProperties: false,
  },
};

// What leaves in mid-answer reaches the server, which counts it and gives up. An answer that was complete before fails this.
export async function leaves(body) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const look = async () => (await (await fetch(`${url}/v1/tightwad/status`, { headers })).json()).server;
  const before = (await look()).disconnects;
  await body();
  for (let i = 0; i < 2400; ++i) {
    const now = await look();
    if (now.disconnects > before && now.running_answers === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25)); // between two looks at a state that no event announces
  }
  throw new Error('the server noticed no client that left');
}

const cases = [], caseMs = 100_000;

// A function that adds cases of this client.
export const of = (client) => (name, body) => cases.push({ name: `${client}: ${name}`, body });

export async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

// A case that never ends is named; a client's promise that is forgotten would end the program without a word.
async function within(ms, body) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

// How many failed.
export async function run() {
  let failed = 0;
  for (const { name, body } of cases) {
    try {
      await within(caseMs, body);
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  }
  console.log(`cases=${cases.length} failed=${failed}`);
  return failed;
}
