import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { CommandError } from '../../scripts/command.mjs';
import { projectDir } from '../../scripts/paths.mjs';
import { poll } from '../../scripts/processes.mjs';

const READY_TIMEOUT_MS = 5_000;
const TENANT = 'bench';
const AGENT = 'a1';
const STRONG = { consistency: 'strong' };
const COUNTED = [{ index: `a:${AGENT}:agent_config`, parents: [] }];

/** The engine of src/shared/cache as the server has it, with its default settings. */
export async function openCache({ redisUrl }) {
  createRequire(join(projectDir, 'package.json'))('reflect-metadata');
  const compiled = (path) => import(pathToFileURL(join(projectDir, 'dist', 'shared', path)));
  const { createCacheEngine } = await compiled('cache/cache-engine.js');
  const { CacheSettings } = await compiled('config/index.js');
  const { cache, connection, state, start } = createCacheEngine(new CacheSettings(), redisUrl);
  start();
  if (!(await poll(() => state().isBusSound, READY_TIMEOUT_MS))) throw new CommandError('The cache did not get ready.');
  return {
    at: (key) => ({ tenantId: TENANT, type: 'agent_config', id: key, scope: { agent: AGENT } }),
    read: (ref, load) => cache.getOrLoad(ref, load),
    readRemote: (ref, load) => cache.getOrLoad(ref, load, STRONG),
    valueOf: (lookup) => lookup.value,
    peek: (ref) => cache.peek(ref),
    set: (ref, value) => cache.set(ref, value),
    delete: (ref) => cache.delete(ref),
    invalidate: () => cache.invalidate(TENANT, [`a:${AGENT}`]),
    invalidateCounted: () => cache.invalidate(TENANT, [`a:${AGENT}`], COUNTED),
    bareClient: connection.client,
  };
}
