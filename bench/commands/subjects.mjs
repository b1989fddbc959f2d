import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectDir } from '../../scripts/paths.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const TTL_MS = 600_000;
const MAX_ENTRIES = 10_000;

/** Whose figures stand in the table. Each opens as `{ put(temporaryId, uuid, command), get(id), update(id, updates) }`. */
export const SUBJECTS = {
  ours: { title: 'Nooble', open: openOurs },
  lru: { title: `lru-cache ${dependencies['lru-cache']}`, open: openLru },
  map: { title: 'Map (limit)', open: openMap },
};

async function openOurs() {
  const path = join(projectDir, 'dist', 'modules', 'execution', 'commands', 'command-cache.js');
  const { CommandCache } = await import(pathToFileURL(path));
  const cache = new CommandCache({ ttlMs: TTL_MS, maxEntries: MAX_ENTRIES });
  return {
    put: (temporaryId, _, command) => cache.cacheCommand(temporaryId, command),
    get: (id) => cache.getCachedCommand(id),
    update: (id, updates) => cache.updateCachedCommand(id, updates),
  };
}

/** One entry under the UUID; a temporary id is looked up first. */
async function openLru() {
  const { LRUCache } = await import('lru-cache');
  const cache = new LRUCache({ max: MAX_ENTRIES, ttl: TTL_MS, updateAgeOnGet: true });
  const uuids = new LRUCache({ max: 2 * MAX_ENTRIES, ttl: TTL_MS, updateAgeOnGet: true });
  const get = (id) => cache.get(uuids.get(id) ?? id);
  return {
    put: (temporaryId, uuid, command) => {
      uuids.set(temporaryId, uuid);
      cache.set(uuid, command);
    },
    get,
    update: (id, updates) => {
      const uuid = uuids.get(id) ?? id;
      const command = { ...cache.get(uuid), ...updates, updatedAt: Date.now() };
      cache.set(uuid, command);
      return command;
    },
  };
}

/** What the seed describes at its barest: a command under both of its ids, without a time, a bound, a copy or an event. */
async function openMap() {
  const commands = new Map();
  return {
    put: (temporaryId, uuid, command) => {
      for (const id of [temporaryId, uuid]) commands.set(id, command);
    },
    get: (id) => commands.get(id),
    update: (id, updates) => {
      const known = commands.get(id);
      const command = { ...known, ...updates, updatedAt: Date.now() };
      commands.set(command.id, command).set(command.metadata.dbUuid, command);
      return command;
    },
  };
}
