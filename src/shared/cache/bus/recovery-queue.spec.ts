import { describe, expect, it } from '@jest/globals';
import type { Invalidation } from '../l2/invalidation.js';
import { RecoveryQueue } from './recovery-queue.js';

const entry = (tenant: string, name: string): Invalidation => ({ kind: 'entry', tenant, name });
const scope = (tenant: string, name: string): Invalidation => ({ kind: 'scope', tenant, name });

describe('what Redis could not be told', () => {
  it('waits in its order, each once, until Redis knows', () => {
    const queue = new RecoveryQueue(10);
    for (const invalidation of [entry('t', 'a'), scope('t', 'a'), entry('u', 'a'), entry('t', 'a')]) queue.add(invalidation);
    expect(queue.next(10)).toEqual([entry('t', 'a'), scope('t', 'a'), entry('u', 'a')]);
    expect(queue.next(1)).toEqual([entry('t', 'a')]);
    for (const invalidation of queue.next(2)) queue.done(invalidation);
    expect([queue.next(10), queue.size]).toEqual([[entry('u', 'a')], 1]);
  });

  it('stays when it has become void once more while Redis was being told', () => {
    const queue = new RecoveryQueue(10);
    queue.add(entry('t', 'a'));
    const [underWay] = queue.next(1);
    queue.add(entry('t', 'a'));
    queue.done(underWay!);
    expect(queue.size).toBe(1);
    queue.done(queue.next(1)[0]!);
    expect(queue.size).toBe(0);
  });

  it('becomes whole tenants when it is too much, and loses none', () => {
    const queue = new RecoveryQueue(3);
    for (const invalidation of [entry('t', 'a'), entry('t', 'b'), scope('u', 'c'), entry('t', 'c')]) queue.add(invalidation);
    expect(queue.next(10)).toEqual([scope('t', 't'), scope('u', 't')]);
  });

  it('of a tenant that is void as a whole is no more to tell, but has to be told again', () => {
    const queue = new RecoveryQueue(2);
    for (const name of ['a', 'b', 'c']) queue.add(entry('t', name));
    const [underWay] = queue.next(1);
    queue.add(entry('t', 'd'));
    expect(queue.next(10)).toEqual([scope('t', 't')]);
    queue.done(underWay!);
    expect(queue.size).toBe(1);
  });

  it('was widened while Redis was being told: the wider one stays', () => {
    const queue = new RecoveryQueue(1);
    queue.add(entry('t', 'a'));
    const [underWay] = queue.next(1);
    queue.add(entry('t', 'b'));
    queue.done(underWay!);
    expect(queue.next(10)).toEqual([scope('t', 't')]);
  });

  it('is bounded whatever is void', () => {
    const queue = new RecoveryQueue(100);
    for (let index = 0; index < 10_000; index++) queue.add(index % 3 === 0 ? scope(`t${String(index % 20)}`, String(index)) : entry(`t${String(index % 20)}`, String(index)));
    expect(queue.size).toBe(20);
    expect(queue.next(100).every(({ kind, name }) => kind === 'scope' && name === 't')).toBe(true);
  });
});
