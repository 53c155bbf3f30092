// Drives an endpoint with the npm clients people use, one line per case. Ends with 1 when a case fails.
import './openai.mjs';
import './openai_responses.mjs';
import './anthropic.mjs';
import './ollama.mjs';
import './vercel.mjs';
import './langchain.mjs';
import './llamaindex.mjs';
import './curl.mjs';
import { run } from './cases.mjs';

process.exit((await run()) === 0 ? 0 : 1);
