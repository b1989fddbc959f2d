import { afterEach } from '@jest/globals';
import { type CacheEngine, createCacheEngine } from '../../src/shared/cache/cache-engine.js';
import { CacheSettings } from '../../src/shared/config/index.js';
import { waitFor } from './wait-for.js';

/** Of this test: one that its test does not stop must not outlive it. */
const running = new Set<CacheEngine>();
afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop()));
  running.clear();
});

/** A cache engine with its own connections, as another process would have, that has not started. A busy machine is no outage: its deadline is long. */
export function createNode(url: string, settings: Partial<CacheSettings> = {}): CacheEngine {
  const node = createCacheEngine(Object.assign(new CacheSettings(), { deadlineMs: 5_000, busBeatMs: 100, ...settings }), url);
  running.add(node);
  return node;
}

export async function startNode(url: string, settings: Partial<CacheSettings> = {}): Promise<CacheEngine> {
  const node = createNode(url, settings);
  node.start();
  await isWell(node);
  return node;
}

/** Resolves when Redis answers this node and it hears every invalidation. */
export async function isWell(node: CacheEngine): Promise<void> {
  await waitFor('the cache to be well', () => node.state().breaker === 'closed' && node.state().isBusSound);
}

/** A loader's source of truth: one version, which only grows. */
export class Row {
  version = 1;
  loads = 0;

  readonly load = async (): Promise<number> => {
    this.loads++;
    return this.version;
  };
}
