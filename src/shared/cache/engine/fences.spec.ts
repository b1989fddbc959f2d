import { describe, expect, it } from '@jest/globals';
import { Fences } from './fences.js';

describe('a fence', () => {
  it('is intact while nothing is invalidated, and each has its own', () => {
    const fences = new Fences();
    const [first, second] = [fences.take('k', 't'), fences.take('k', 't')];
    expect(fences.isIntact(first)).toBe(true);
    fences.breakKey('k');
    expect([fences.isIntact(first), fences.isIntact(second), fences.isIntact(fences.take('k', 't'))]).toEqual([false, false, true]);
  });

  it.each<[string, (fences: Fences) => void, boolean]>([
    ['its entry', (fences) => fences.breakKey('key'), false],
    ['another entry', (fences) => fences.breakKey('other'), true],
    ['a scope of its tenant', (fences) => fences.breakTenant('tenant'), false],
    ['a scope of another tenant', (fences) => fences.breakTenant('other'), true],
    ['an entry that is called like its tenant', (fences) => fences.breakKey('tenant'), true],
    ['a tenant that is called like its entry', (fences) => fences.breakTenant('key'), true],
    ['everything', (fences) => fences.breakAll(), false],
  ])('when %s is invalidated', (_, invalidate, isIntact) => {
    const fences = new Fences();
    const fence = fences.take('key', 'tenant');
    invalidate(fences);
    expect(fences.isIntact(fence)).toBe(isIntact);
  });

  it('stays broken however often its entry is invalidated', () => {
    const fences = new Fences();
    const fence = fences.take('key', 'tenant');
    for (let count = 0; count < 70_000; count++) {
      fences.breakKey('key');
      if (fences.isIntact(fence)) throw new Error(`intact after ${String(count)}`);
    }
  });

  it('breaks for any text as a key', () => {
    const fences = new Fences();
    for (const key of ['', '😀', '\ud800', 'x'.repeat(10_000), '__proto__']) {
      const fence = fences.take(key, key);
      fences.breakKey(key);
      expect(fences.isIntact(fence)).toBe(false);
    }
  });
});
