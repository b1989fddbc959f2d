import { describe, expect, it } from '@jest/globals';
import { type PackedEntry, packEntry, readEntry } from './entry-text.js';

const HEAD = { type: 'agent_config', tenant: 'acme', createdAt: 1_700_000_000_000, ttlMs: 3_600_000, loadMs: 12.3 };
const SCOPES = '300000 t|genT1,a:agent|genA2';

/** As the scripts put it together. */
const textOf = ({ head, body }: PackedEntry, scopes = SCOPES): Buffer => Buffer.concat([Buffer.from(`${head}\n${scopes}\n`), Buffer.from(body)]);
const pack = (value: unknown): Buffer => textOf(packEntry(HEAD, value));
const read = (bytes: Buffer): unknown => readEntry(bytes, 'agent_config', 'acme')?.value;

/** Texts without a pattern, so that compressing is of no use. */
const noise = (length: number): string => {
  let [seed, text] = [42, ''];
  while (text.length < length) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    text += String.fromCharCode(35 + (seed >>> 25) * 0.7);
  }
  return text;
};

describe('an entry', () => {
  it('says of itself what it was packed with, and its generations', () => {
    expect(readEntry(pack({ a: 1 }), 'agent_config', 'acme')).toEqual({
      ...{ ...HEAD, loadMs: 13, graceMs: 300_000, value: { a: 1 }, sizeBytes: 7 },
      generations: [
        ['t', 'genT1'],
        ['a:agent', 'genA2'],
      ],
    });
  });

  it.each([[null], [undefined], [''], [0], [false], [[]], [{}], ['a\nb\n'], [new Date(3)], [{ $: [1n, -0] }], ['ü😀']])('keeps %p', (value) => {
    expect(read(pack(value))).toStrictEqual(value);
  });

  it('of the present schema, written by an earlier build, is read', () => {
    const fixture = '1 agent_config acme 1700000000000 3600000 13 t b41ec8d4\n300000 t|genT1,a:agent|genA2\n{"name":"Ann","at":{"$":"Date","v":"2026-01-02T03:04:05.678Z"}}';
    expect(read(Buffer.from(fixture))).toEqual({ name: 'Ann', at: new Date('2026-01-02T03:04:05.678Z') });
    expect(pack({ name: 'Ann', at: new Date('2026-01-02T03:04:05.678Z') }).toString()).toBe(fixture);
  });

  it.each([
    ['of another schema', (text: string) => text.replace(/^1 /, '2 ')],
    ['of an older schema', (text: string) => text.replace(/^1 /, '0 ')],
    ['of another type', (text: string) => text.replace('agent_config', 'agent_tools')],
    ['of another tenant', (text: string) => text.replace('acme', 'other')],
    ['of a tenant whose name begins alike', (text: string) => text.replace('acme', 'acme2')],
    ['of one line', (text: string) => text.split('\n')[0]!],
    ['of two lines', (text: string) => text.split('\n').slice(0, 2).join('\n')],
    ['that is empty', () => ''],
    ['of blank lines', () => '\n\n'],
    ['of something else', () => 'OK'],
  ])('%s is none', (_, change) => {
    expect(readEntry(Buffer.from(change(pack({ a: 1 }).toString())), 'agent_config', 'acme')).toBeUndefined();
  });
});

describe('a damaged entry', () => {
  const values = [{ name: 'Ann', n: 12, list: [true, null, 'text'] }, { at: new Date(1e12), m: new Map([[1, 2n]]), u: undefined }, { long: 'ab'.repeat(4_000) }];

  it.each(values)('with one byte flipped is a miss or the same value: %#', (value) => {
    const bytes = pack(value);
    for (let index = 0; index < bytes.length; index++) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const damaged = Buffer.from(bytes);
        damaged[index] = damaged[index]! ^ bit;
        const entry = readEntry(damaged, 'agent_config', 'acme');
        if (entry !== undefined) expect([index, bit, entry.value]).toEqual([index, bit, value]);
      }
    }
  });

  it.each(values)('cut short anywhere is a miss: %#', (value) => {
    const bytes = pack(value);
    for (let length = 0; length < bytes.length; length++) expect(readEntry(bytes.subarray(0, length), 'agent_config', 'acme')).toBeUndefined();
  });

  it('with more at its end is a miss', () => {
    for (const value of values) expect(readEntry(Buffer.concat([pack(value), Buffer.from(' ')]), 'agent_config', 'acme')).toBeUndefined();
  });
});

describe('a large value', () => {
  it('is compressed from 4 KiB of JSON on', () => {
    expect(typeof packEntry(HEAD, 'a'.repeat(4_096 - 3)).body).toBe('string');
    const packed = packEntry(HEAD, 'a'.repeat(4_096 - 2));
    expect(Buffer.isBuffer(packed.body)).toBe(true);
    expect(read(textOf(packed))).toBe('a'.repeat(4_096 - 2));
  });

  it('stays as it is when compressing saves less than a fifth', () => {
    expect(typeof packEntry(HEAD, noise(20_000)).body).toBe('string');
  });

  it('of 500 KB is kept', () => {
    const value = { text: `ü${'lorem ipsum '.repeat(42_000)}` };
    const packed = packEntry(HEAD, value);
    expect(packed.body.length).toBeLessThan(50_000);
    expect(read(textOf(packed))).toEqual(value);
  });

  it('counts in the memory as what it is unpacked, wherever it comes from', () => {
    const packed = packEntry(HEAD, 'a'.repeat(100_000));
    expect(packed.sizeBytes).toBe(100_002);
    expect(readEntry(textOf(packed), 'agent_config', 'acme')?.sizeBytes).toBe(100_002);
  });

  it('of more than 1 MiB of JSON is refused, compressible or not', () => {
    expect(packEntry(HEAD, 'a'.repeat(1_048_574)).sizeBytes).toBe(1_048_576);
    expect(() => packEntry(HEAD, 'a'.repeat(1_048_575))).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE' }));
    expect(() => packEntry(HEAD, 'ü'.repeat(600_000))).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE' }));
  });

  it('that unpacks to more than 1 MiB is a miss', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = { head: packEntry(HEAD, 'a'.repeat(5_000)).head, body: gzipSync(JSON.stringify('a'.repeat(3_000_000))), sizeBytes: 0 };
    expect(readEntry(textOf(bomb), 'agent_config', 'acme')).toBeUndefined();
  });
});
