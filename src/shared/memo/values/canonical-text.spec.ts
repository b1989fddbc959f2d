import { describe, expect, it } from '@jest/globals';
import { CacheEntry } from '../entry/cache-entry.js';
import { EQUAL_ARGUMENTS, REFUSED_ARGUMENTS, UNLIKE_ARGUMENTS } from '../../../../test/support/adversarial-arguments.js';
import { canonicalText } from './canonical-text.js';

const keyOf = (value: unknown): bigint => CacheEntry.fromArgs('f', { value }).key;

describe('the key of a call', () => {
  it.each([
    ['add', { x: 5, y: 10 }, 6452910756379405413525593858603593943n],
    ['fibonacci', { n: 0 }, 40844552477485964873833877590705997385n],
    ['fibonacci', { n: 60 }, 166602100582307906362221505176331152801n],
    ['f', {}, 216499416021199476271144898090529065813n],
    ['f', { a: 1 }, 74399534511870817230990404258576932828n],
  ])('of %s(%j) is the number that the original has', (func, inputs, key) => {
    expect(CacheEntry.fromArgs(func, inputs).key).toBe(key);
  });

  it('does not depend on the order of the inputs', () => {
    expect(CacheEntry.fromArgs('add', { y: 10, x: 5 }).key).toBe(CacheEntry.fromArgs('add', { x: 5, y: 10 }).key);
  });

  it.each(UNLIKE_ARGUMENTS)('differs: %s', (_, left, right) => {
    expect(keyOf(left)).not.toBe(keyOf(right));
  });

  it.each(EQUAL_ARGUMENTS)('is the same: %s', (_, left, right) => {
    expect(keyOf(left)).toBe(keyOf(right));
  });

  it.each(REFUSED_ARGUMENTS)('cannot be made of %s', (_, value) => {
    expect(() => keyOf(value)).toThrow(expect.objectContaining({ code: 'UNHASHABLE_ARGUMENT', kind: 'internal' }));
  });

  it('names the place of what cannot be in it', () => {
    expect(() => keyOf({ list: [1, { deep: () => 1 }] })).toThrow('A key cannot be made: the value.value.list[1].deep is the function deep. Give the class a method toMemoKey(), or exclude the argument.');
  });

  it('takes an instance that says what it is', () => {
    class User {
      constructor(
        readonly id: number,
        readonly cache = (): number => id,
      ) {}
      toMemoKey(): unknown {
        return { id: this.id };
      }
    }
    class Group extends User {}
    expect(keyOf(new User(1))).toBe(keyOf(new User(1)));
    expect(keyOf(new User(1))).not.toBe(keyOf(new User(2)));
    expect(keyOf(new User(1))).not.toBe(keyOf(new Group(1)));
    expect(keyOf(new User(1))).not.toBe(keyOf({ id: 1 }));
  });

  it('of an entry is that of the inputs which it keeps', () => {
    for (const [, value] of UNLIKE_ARGUMENTS) {
      const entry = CacheEntry.fromArgs('f', { value });
      expect(CacheEntry.fromDict(entry.toDict()).key).toBe(entry.key);
    }
  });
});

describe('the canonical text', () => {
  it('is JSON as Python writes it', () => {
    expect(canonicalText({ b: ['é', true, null, 1.5, 1e21], a: { ' ': '\n\u0001"\\' } })).toBe('{"a": {" ": "\\n\\u0001\\"\\\\"}, "b": ["é", true, null, 1.5, 1e+21]}');
  });

  it('sorts by code points, as Python does', () => {
    expect(canonicalText({ '\ufffd': 1, '\u{1f600}': 2 })).toBe('{"\ufffd": 1, "\u{1f600}": 2}');
  });
});
