import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectDir } from '../../scripts/paths.mjs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
export const MAX_ENTRIES = 10_000;

export const openMemo = () => import(pathToFileURL(join(projectDir, 'dist', 'shared', 'memo', 'index.js')));

/**
 * Whose figures stand in the tables. Each opens as `{ memoize, general }`: `memoize(fn)` as fast as it goes with a key that tells apart any
 * arguments that are primitive, `general(fn)` with the key that its documentation advises for any arguments. `isAsync`: a hit is awaited.
 */
export const SUBJECTS = {
  ours: { title: 'Nooble', isAsync: false, open: openOurs },
  oursAsync: { title: 'Nooble, async function', isAsync: true, open: openOurs },
  moize: { title: `moize ${dependencies.moize}`, isAsync: false, open: openMoize },
  memoizee: { title: `memoizee ${dependencies.memoizee}`, isAsync: false, open: openMemoizee },
  pMemoize: { title: `p-memoize ${dependencies['p-memoize']}`, isAsync: true, open: openPMemoize },
  cachified: { title: `cachified ${dependencies['@epic-web/cachified']}`, isAsync: true, open: openCachified },
};

async function openOurs() {
  const { MemoCache, MemoryBackend } = await openMemo();
  const cache = new MemoCache(new MemoryBackend({ maxEntries: MAX_ENTRIES }));
  const memoize = (fn) => cache.memoize(fn);
  return { memoize, general: memoize };
}

/** Its own comparison is right for primitives, and a walk through all that it has: so it is given a key as well. */
async function openMoize() {
  const { default: moize } = await import('moize');
  return {
    memoize: (fn) => moize.default(fn, { maxSize: MAX_ENTRIES, transformArgs: (args) => [typedKey(args)] }),
    general: (fn) => moize.default(fn, { maxSize: MAX_ENTRIES, isSerialized: true }),
  };
}

async function openMemoizee() {
  const { default: memoizee } = await import('memoizee');
  return {
    memoize: (fn) => memoizee(fn, { max: MAX_ENTRIES, length: false, normalizer: typedKey }),
    general: (fn) => memoizee(fn, { max: MAX_ENTRIES, length: false, normalizer: (args) => JSON.stringify([...args]) }),
  };
}

async function openPMemoize() {
  const [{ default: pMemoize }, { LRUCache }] = await Promise.all([import('p-memoize'), import('lru-cache')]);
  const cache = () => new LRUCache({ max: MAX_ENTRIES });
  return {
    memoize: (fn) => pMemoize(async (...args) => fn(...args), { cache: cache(), cacheKey: typedKey }),
    general: (fn) => pMemoize(async (...args) => fn(...args), { cache: cache(), cacheKey: JSON.stringify }),
  };
}

async function openCachified() {
  const [{ cachified, lruCacheAdapter }, { LRUCache }] = await Promise.all([import('@epic-web/cachified').then(adapted), import('lru-cache')]);
  const over = (keyOf) => (fn) => {
    const cache = lruCacheAdapter(new LRUCache({ max: MAX_ENTRIES }));
    return (...args) => cachified({ key: keyOf(args), cache, ttl: 3_600_000, getFreshValue: () => fn(...args) });
  };
  return { memoize: over(typedKey), general: over(JSON.stringify) };
}

/** Its adapter for lru-cache is a package of its own, and does this. */
function adapted({ cachified }) {
  const lruCacheAdapter = (lru) => ({ name: 'lru', get: (key) => lru.get(key), set: (key, value) => lru.set(key, value), delete: (key) => lru.delete(key) });
  return { cachified, lruCacheAdapter };
}

/** Right for primitives other than symbols, and as short as that goes. */
function typedKey(args) {
  let key = '';
  for (const arg of args) key += typeof arg === 'string' ? `${JSON.stringify(arg)},` : `${typeof arg === 'bigint' ? 'n' : ''}${String(arg)},`;
  return key;
}
