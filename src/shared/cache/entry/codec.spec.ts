import { describe, expect, it } from '@jest/globals';
import { decode, encode } from './codec.js';

const roundTrip = (value: unknown): unknown => decode(encode(value));

describe('a value that comes back as it went in', () => {
  it.each([
    ['null', null],
    ['nothing', undefined],
    ['a text', 'täxt \u0000 \u2028 "'],
    ['an empty text', ''],
    ['a lone surrogate', '\ud800'],
    ['zero', 0],
    ['minus zero', -0],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['minus infinity', -Infinity],
    ['a small number', 5e-324],
    ['false', false],
    ['a BigInt', -123456789012345678901234567890n],
    ['an empty array', []],
    ['an empty object', {}],
    ['a date', new Date(1_700_000_000_123)],
    ['a date before our era', new Date(-1e14)],
    ['a buffer', Buffer.from([0, 255, 10, 13])],
    ['bytes', Uint8Array.from([0, 255, 10])],
    ['a map of maps', new Map<unknown, unknown>([[{ a: 1 }, new Map([[NaN, undefined]])], ['b', -0]])],
    ['a set', new Set<unknown>([1, undefined, new Date(0), [1n]])],
    ['nested undefined', { a: undefined, b: [undefined, { c: undefined }] }],
    ['the key of the tags', { $: 'Date', v: 1 }],
    ['the key of the tags, nested', { a: [{ $: { $: 'Undefined' } }] }],
    ['a look-alike of a tag', { $: 'Undefined' }],
  ])('%s', (_, value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  it('names that every object has', () => {
    const value = { toString: 1, hasOwnProperty: 2, constructor: { prototype: { polluted: true } }, at: new Date(1) };
    expect(roundTrip(value)).toEqual(value);
  });

  it('an invalid date', () => {
    expect((roundTrip([new Date(NaN)]) as [Date])[0].getTime()).toBeNaN();
  });

  it('holes of an array, as undefined', () => {
    const holed: number[] = [];
    [holed[0], holed[2]] = [1, 3];
    expect(1 in holed).toBe(false);
    expect(roundTrip(holed)).toStrictEqual([1, undefined, 3]);
  });

  it('an object without a prototype, as an object', () => {
    expect(roundTrip(Object.assign(Object.create(null) as object, { a: 1 }))).toStrictEqual({ a: 1 });
  });

  it('the same object twice, which is no cycle', () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, { shared }])).toStrictEqual([{ a: 1 }, { shared: { a: 1 } }]);
  });

  it('a buffer as a Buffer and bytes as plain bytes', () => {
    const [buffer, bytes] = roundTrip([Buffer.from('a'), Uint8Array.from([97])]) as [Buffer, Uint8Array];
    expect(Buffer.isBuffer(buffer)).toBe(true);
    expect(Buffer.isBuffer(bytes)).toBe(false);
  });
});

describe('a text without tags', () => {
  it('is plain JSON', () => {
    expect(encode({ a: [1, 'b', null, true] })).toEqual({ text: '{"a":[1,"b",null,true]}', isTagged: false });
  });

  it('is told apart from one with tags', () => {
    for (const value of [undefined, NaN, -0, 1n, new Date(), new Map(), { $: 1 }]) expect(encode(value).isTagged).toBe(true);
  });
});

describe('Object.prototype', () => {
  const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":{"polluted":1}}}') as object;

  it.each([
    ['plain', evil],
    ['tagged', [evil, undefined]],
    ['with the key of the tags', Object.assign(JSON.parse('{"__proto__":{"polluted":1}}') as object, { $: 1 })],
  ])('stays as it is when a value has the key __proto__, %s', (_, value) => {
    const { text, isTagged } = encode(value);
    expect(text).not.toContain('__proto__');
    expect(JSON.stringify(decode({ text, isTagged }))).not.toContain('__proto__');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['plain', { text: '{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}', isTagged: false }],
    ['tagged', { text: '{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}', isTagged: true }],
    ['tagged pairs', { text: '{"$":"Object","v":[["a",{}],["__proto__",{"polluted":1}]]}', isTagged: true }],
  ])('stays as it is when somebody has written the key into Redis, %s', (_, encoded) => {
    const value = decode(encoded) as { polluted?: unknown; a: { polluted?: unknown } };
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['a']);
    expect(value.a.polluted).toBeUndefined();
    expect(Object.assign({}, value).polluted).toBeUndefined();
  });
});

class Agent {
  name = 'a';
}
class OwnDate extends Date {}
class OwnMap extends Map {}
class OwnArray extends Array {}

const cycle: { self?: unknown } = {};
cycle.self = { list: [cycle] };
const cyclicMap = new Map<string, unknown>();
cyclicMap.set('self', cyclicMap);

describe('a value that would come back as something else', () => {
  it.each<[string, unknown, string]>([
    ['a function', { a: [() => 1] }, 'value.a[0] is a function'],
    ['a symbol', [Symbol('x')], 'value[0] is a symbol'],
    ['a symbol as a key', { a: { [Symbol('x')]: 1 } }, 'value.a is an object with the key Symbol(x)'],
    ['a cycle', cycle, 'value.self.list[0] is a part of itself'],
    ['a map in itself', cyclicMap, 'is a part of itself'],
    ['an instance of a class', { agent: new Agent() }, 'value.agent is an instance of Agent'],
    ['an instance in a map', { m: new Map([['a', new Agent()]]) }, 'value.m (Map)'],
    ['a subclass of Date', { at: new OwnDate() }, 'value.at is an instance of OwnDate'],
    ['a subclass of Map', [new OwnMap()], 'value[0] is an instance of OwnMap'],
    ['a subclass of Array', { list: new OwnArray() }, 'value.list is an instance of OwnArray'],
    ['an error', new Error('x'), 'value is an instance of Error'],
    ['a regular expression', /x/, 'value is an instance of RegExp'],
    ['a promise', Promise.resolve(1), 'value is an instance of Promise'],
    ['other numbers in a row', new Float64Array(1), 'value is an instance of Float64Array'],
    ['an object of an anonymous class', new (class {})(), 'value is an instance of'],
  ])('is refused: %s', (_, value, place) => {
    expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE', kind: 'internal', message: expect.stringContaining(place) }));
  });

  it('is refused also when its class hides its name', () => {
    expect(() => encode(Object.create({ constructor: undefined }))).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE' }));
  });

  it('does not come from a text that is not ours', () => {
    expect(() => decode({ text: '{"$":"constructor","v":1}', isTagged: true })).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE' }));
    expect(() => decode({ text: '{"$":"Agent"}', isTagged: true })).toThrow();
    expect(() => decode({ text: '{', isTagged: false })).toThrow();
  });
});
