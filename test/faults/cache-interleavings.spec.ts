import { describe, expect, it } from '@jest/globals';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import { startNode } from '../support/cache-nodes.js';
import { Interleaving } from '../support/interleaving.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

/** So many at the same time, each with a tenant of its own. */
const WAVE = 100;
/** The seed of the first one; to repeat a failure, what it printed. */
const FIRST = Number(process.env['INTERLEAVING_SEED'] ?? Date.now() % 1_000_000_000);

describe('of random interleavings of loads, deletions, invalidations and writes', () => {
  it('10 000 in one process return nothing older than was settled before the read', async () => {
    expect(await violationsOf(10_000, [await startNode(redisUrl)])).toEqual([]);
  }, 60_000);

  it('2 000 among three processes return nothing older, and all end with the newest', async () => {
    expect(await violationsOf(2_000, await Promise.all([0, 1, 2].map(() => startNode(redisUrl))))).toEqual([]);
  }, 60_000);
});

/** Stops at the first wave with a violation. */
async function violationsOf(count: number, nodes: readonly CacheEngine[]): Promise<string[]> {
  const redis = await emptyRedis();
  redis.disconnect();
  for (let done = 0; done < count; done += WAVE) {
    const wave = Array.from({ length: WAVE }, (_, index) => new Interleaving(nodes, FIRST + done + index));
    await Promise.all(wave.map((interleaving) => interleaving.run()));
    await allHeard(nodes, done);
    await Promise.all(wave.map((interleaving) => interleaving.expectNewest()));
    const violations = wave.flatMap((interleaving) => interleaving.violations);
    if (violations.length > 0) return violations;
  }
  return [];
}

/** The bus keeps the order of its messages: who has heard a new one has heard all before. */
async function allHeard(nodes: readonly CacheEngine[], wave: number): Promise<void> {
  const ref = { tenantId: 'interleavings', type: 'embedding', id: String(wave) } as const;
  await waitFor('the mark in every memory', async () => {
    await Promise.all(nodes.map(({ cache }) => cache.getOrLoad(ref, async () => true)));
    return nodes.every(({ cache }) => cache.peek(ref));
  });
  await nodes[0]!.cache.delete(ref);
  await waitFor('the mark to be heard of', () => nodes.every(({ cache }) => cache.peek(ref) === undefined));
}
