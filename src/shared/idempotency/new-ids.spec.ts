import { describe, expect, it } from '@jest/globals';
import { newId } from '../../contracts/index.js';
import { NewIds } from './new-ids.js';

describe('the ids of a request', () => {
  it('with a key are the same each time, by their name', () => {
    const seed = newId();
    const [first, again] = [new NewIds(seed), new NewIds(seed, true)];
    expect(again.id('message')).toBe(first.id('message'));
    expect(first.id('action')).not.toBe(first.id('message'));
    expect([first.isRepeat, again.isRepeat]).toEqual([false, true]);
  });

  it('without one are new', () => {
    const ids = new NewIds();
    expect(ids.id('message')).not.toBe(ids.id('message'));
    expect(ids.isRepeat).toBe(false);
  });
});
