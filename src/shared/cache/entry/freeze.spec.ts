import { describe, expect, it } from '@jest/globals';
import { handOut, hold } from '../engine/held-value.js';
import { freezeDeep } from './freeze.js';

describe('a deeply frozen value', () => {
  it('cannot be changed anywhere', () => {
    const value = { a: [{ b: 1 }], c: Object.create(null) as Record<string, unknown> };
    expect(freezeDeep(value)).toBe(true);
    expect(() => ((value.a[0] as { b: number }).b = 2)).toThrow(TypeError);
    expect(() => value.a.push({ b: 3 })).toThrow(TypeError);
    expect(() => (value.c['x'] = 1)).toThrow(TypeError);
  });

  it('is any plain one', () => {
    for (const value of [undefined, null, 0, '', false, 1n, [], {}]) expect(freezeDeep(value)).toBe(true);
  });

  it.each([
    ['a date', new Date()],
    ['a map', new Map()],
    ['a set', new Set()],
    ['bytes', Buffer.from('a')],
  ])('is none with %s in it, but what is around it is frozen', (_, part) => {
    const value = { list: [part, { a: 1 }] };
    expect(freezeDeep(value)).toBe(false);
    expect(Object.isFrozen(value.list)).toBe(true);
    expect(Object.isFrozen(value.list[1])).toBe(true);
  });
});

describe('what readers get', () => {
  it('is the one frozen value', () => {
    const held = hold({ a: [1] });
    expect(handOut(held)).toBe(held.value);
    expect(Object.isFrozen((held.value as { a: number[] }).a)).toBe(true);
  });

  it('is a copy each when it cannot be frozen', () => {
    const held = hold({ at: new Date(5), tags: new Map([['a', 1]]) });
    const [first, second] = [handOut(held), handOut(held)] as { at: Date; tags: Map<string, number> }[];
    first!.at.setTime(9);
    first!.tags.set('b', 2);
    expect(second).toEqual({ at: new Date(5), tags: new Map([['a', 1]]) });
    expect(handOut(held)).toEqual(second);
  });

  it('does not change with what its maker kept of it', () => {
    const tags = new Map([['a', 1]]);
    const held = hold({ tags });
    tags.set('b', 2);
    expect(handOut(held)).toEqual({ tags: new Map([['a', 1]]) });
  });
});
