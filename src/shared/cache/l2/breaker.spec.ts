import { beforeEach, describe, expect, it } from '@jest/globals';
import { Breaker, type BreakerState } from './breaker.js';

let changes: BreakerState[];
let breaker: Breaker;
beforeEach(() => {
  changes = [];
  breaker = new Breaker((state) => changes.push(state));
});

describe('a breaker', () => {
  it('is open until somebody has seen Redis answer, and says so once', () => {
    expect(breaker.isOpen).toBe(true);
    breaker.open();
    expect(changes).toEqual([]);
    breaker.close();
    breaker.close();
    expect([breaker.isOpen, changes]).toEqual([false, ['closed']]);
  });

  it('opens after three failures in a row', () => {
    breaker.close();
    breaker.failed(false);
    breaker.failed(false);
    expect(breaker.isOpen).toBe(false);
    breaker.failed(false);
    expect([breaker.isOpen, changes]).toEqual([true, ['closed', 'open']]);
  });

  it('does not add up failures with a success between them, nor with those before it closed', () => {
    for (let round = 0; round < 5; round++) breaker.failed(false);
    breaker.close();
    for (let round = 0; round < 5; round++) {
      breaker.failed(false);
      breaker.failed(false);
      breaker.succeeded();
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('opens at once when there was no answer at all', () => {
    breaker.close();
    breaker.failed(true);
    expect(breaker.isOpen).toBe(true);
  });

  it('is not closed by an answer to what was sent before it opened', () => {
    breaker.close();
    breaker.open();
    breaker.succeeded();
    expect(breaker.isOpen).toBe(true);
  });
});
