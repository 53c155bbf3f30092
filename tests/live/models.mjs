// Where the models lie that the setup made.
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = process.env.TIGHTWAD_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tightwad');
export const models = join(cache, 'models');
