class Point {
  constructor(readonly x: number) {}
}
class OwnDate extends Date {}
class OwnMap extends Map<string, number> {}

const withKey = (json: string): object => JSON.parse(json) as object;

/** Pairs of arguments with which a function may return two results: one key for both is a wrong answer. */
export const UNLIKE_ARGUMENTS: readonly (readonly [name: string, left: unknown, right: unknown])[] = [
  ['a number and its text', 1, '1'],
  ['a number and a BigInt', 1, 1n],
  ['1 and true', 1, true],
  ['0 and false', 0, false],
  ['nothing and false', null, false],
  ['null and undefined', null, undefined],
  ['null and its text', null, 'null'],
  ['undefined and its text', undefined, 'undefined'],
  ['NaN and null', NaN, null],
  ['NaN and its text', NaN, 'NaN'],
  ['infinity and minus infinity', Infinity, -Infinity],
  ['a property that is undefined and one that is missing', { a: undefined }, {}],
  ['undefined and null in a list', [undefined], [null]],
  ['lists of another grouping', [[1], 2], [[1, 2]]],
  ['a list and its text', [1, 2], '1,2'],
  ['texts with separators', ['a,b'], ['a', 'b']],
  ['texts with quotes', ['a","b'], ['a', 'b']],
  ['a list and an object with the same keys', ['a'], { 0: 'a' }],
  ['a date and its text', new Date(0), new Date(0).toISOString()],
  ['a date and its number', new Date(0), 0],
  ['two dates', new Date(0), new Date(1)],
  ['an invalid date and an early one', new Date(NaN), new Date(0)],
  ['two maps', new Map([['a', 1]]), new Map([['a', 2]])],
  ['a map and an object', new Map([['a', 1]]), { a: 1 }],
  ['a map with numbers and one with texts', new Map<unknown, number>([[1, 1]]), new Map<unknown, number>([['1', 1]])],
  ['an empty map and an empty set', new Map(), new Set()],
  ['two sets', new Set([1]), new Set([2])],
  ['a set and a list', new Set([1]), [1]],
  ['two regular expressions', /a/, /a/i],
  ['a regular expression and its text', /a/, '/a/'],
  ['two URLs', new URL('http://a/'), new URL('http://b/')],
  ['a URL and its text', new URL('http://a/'), 'http://a/'],
  ['two arrays of bytes', Uint8Array.of(1), Uint8Array.of(2)],
  ['bytes and a list', Uint8Array.of(1), [1]],
  ['bytes of another width', Uint8Array.of(1, 0), Uint16Array.of(1)],
  ['bytes and a buffer', Uint8Array.of(1), Buffer.from([1])],
  ['two buffers', new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ['a tag and what it stands for', { __obj_type__: 'bigint', value: '1' }, 1n],
  ['a tag of an object and the object', { __obj_type__: 'object', items: [] }, {}],
  ['keys that every object has', withKey('{"__proto__": {"a": 1}}'), {}],
  ['two prototypes as keys', withKey('{"__proto__": 1}'), withKey('{"__proto__": 2}')],
  ['a lone surrogate and what replaces it', '\ud800', '\ufffd'],
  ['composed and decomposed letters', '\u00e9', 'e\u0301'],
  ['an empty text and a space', '', ' '],
  ['numbers beyond the safe ones', 2 ** 53, 2 ** 53 + 2],
  ['numbers nearly equal', 0.1 + 0.2, 0.3],
];

/** Pairs of arguments that are equal. */
export const EQUAL_ARGUMENTS: readonly (readonly [name: string, left: unknown, right: unknown])[] = [
  ['objects of another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
  ['zero and minus zero', 0, -0],
  ['zero and minus zero in a list', [0], [-0]],
  ['sets of another order', new Set(['a', 'b']), new Set(['b', 'a'])],
  ['maps of another order', new Map([['a', 1], ['b', 2]]), new Map([['b', 2], ['a', 1]])],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
  ['a part of bytes and the same bytes', Uint8Array.of(0, 1, 2).subarray(1), Uint8Array.of(1, 2)],
  ['NaN and NaN', NaN, NaN],
];

const cycle: { self?: unknown } = {};
cycle.self = [cycle];
const around = { next: {} as object };
around.next = { back: around };

/** Arguments that nobody can tell apart by what they hold. */
export const REFUSED_ARGUMENTS: readonly (readonly [name: string, value: unknown])[] = [
  ['a function', Math.min],
  ['a function within', { a: [Math.max] }],
  ['a symbol', Symbol('a')],
  ['a symbol as a key', { [Symbol('a')]: 1 }],
  ['a cycle', cycle],
  ['a cycle in both directions', around],
  ['an instance of a class', new Point(1)],
  ['an instance within', [new Map([['a', new Point(1)]])]],
  ['a subclass of Date', new OwnDate(0)],
  ['a subclass of Map', new OwnMap()],
  ['an error', new Error('a')],
  ['a promise', Promise.resolve(1)],
  ['a weak map', new WeakMap()],
  ['a boxed number', Object(1)],
  ['a date with a property', Object.assign(new Date(0), { zone: 'UTC' })],
  ['a list with a property', Object.assign([1], { extra: 1 })],
  ['the match of a regular expression', /a/.exec('a')],
  ['a list with a hole', Object.assign(new Array<number>(2), { 1: 1 })],
  ['an iterator', [1].values()],
  ['a list nested too deep', Array.from({ length: 2_000 }).reduce<unknown[]>((list) => [list], [])],
];
