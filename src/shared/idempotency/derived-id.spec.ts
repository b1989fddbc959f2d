import { describe, expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { newId } from '../../contracts/index.js';
import { derivedId } from './derived-id.js';

describe('a derived id', () => {
  it('is the same for the same seed and name, and is pinned: a newer version of Nooble must derive what an older one did', () => {
    expect(derivedId('01a1fd9c-762e-73ef-a157-017f98ec29b3', 'conversation')).toBe('01a1fd9c-762e-77b5-8a73-f303fbc2a0f1');
  });

  it('is a UUIDv7 of the same millisecond, so that it sorts as a new one would', () => {
    const seed = newId();
    const id = derivedId(seed, 'agent');
    expect([validate(id), version(id), id.slice(0, 13)]).toEqual([true, 7, seed.slice(0, 13)]);
  });

  it('is another one for another name or another seed', () => {
    const seeds = Array.from({ length: 100 }, newId);
    const ids = seeds.flatMap((seed) => ['a', 'b', 'a b'].map((name) => derivedId(seed, name)));
    expect(new Set([...ids, ...seeds]).size).toBe(400);
  });
});
