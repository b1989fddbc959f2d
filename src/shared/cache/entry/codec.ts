import { cacheErrors } from '../cache.errors.js';

/**
 * Values as JSON, with tags for what JSON lacks: `{ "$": "Date", "v": … }`. Dates, BigInts, Maps, Sets, Buffers, Uint8Arrays, NaN, ±Infinity,
 * −0 and undefined come back as they went in. Functions, symbols, cycles and class instances are refused: they would come back as something else.
 */
export interface Encoded {
  readonly text: string;
  /** Without tags the text is plain JSON, and quicker to read. */
  readonly isTagged: boolean;
}

const TAG = '$';
type Tagged = { readonly [TAG]: string; readonly v?: unknown };

/** What the walk over a value knows: the objects it is inside of, and whether it had to tag. */
interface Walk {
  readonly inside: Set<object>;
  isTagged: boolean;
}

/** @throws UNCACHEABLE_VALUE (internal) naming the place in the value */
export function encode(value: unknown): Encoded {
  const walk: Walk = { inside: new Set(), isTagged: false };
  const text = JSON.stringify(toJson(value, 'value', walk));
  return { text, isTagged: walk.isTagged };
}

/** @throws SyntaxError or another error for a text that {@link encode} did not make */
export function decode({ text, isTagged }: Encoded): unknown {
  if (isTagged) return fromJson(JSON.parse(text));
  // Ours never has this key; an own one would become a prototype in the first Object.assign.
  return text.includes('"__proto__"') ? JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value)) : JSON.parse(text);
}

function toJson(value: unknown, path: string, walk: Walk): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'object') return objectToJson(value, path, walk);
  if (typeof value === 'number') return numberToJson(value, walk);
  walk.isTagged = true;
  if (typeof value === 'bigint') return tagged('BigInt', String(value));
  if (value === undefined) return { [TAG]: 'Undefined' };
  throw cacheErrors.uncacheable(path, `a ${typeof value}`);
}

function numberToJson(value: number, walk: Walk): unknown {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  walk.isTagged = true;
  return tagged('Number', Object.is(value, -0) ? '-0' : String(value));
}

function objectToJson(value: object, path: string, walk: Walk): unknown {
  if (walk.inside.has(value)) throw cacheErrors.uncacheable(path, 'a part of itself');
  walk.inside.add(value);
  const json = containerToJson(value, path, walk);
  walk.inside.delete(value);
  return json;
}

function containerToJson(value: object, path: string, walk: Walk): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return Array.from(value as unknown[], (item, index) => toJson(item, `${path}[${String(index)}]`, walk));
  if (prototype === Object.prototype || prototype === null) return recordToJson(value as Record<string, unknown>, path, walk);
  const write = WRITERS.get(prototype);
  if (write === undefined) throw cacheErrors.uncacheable(path, `an instance of ${classOf(value)}`);
  walk.isTagged = true;
  return write(value as never, (item) => toJson(item, `${path} (${classOf(value)})`, walk));
}

function classOf({ constructor: made }: { readonly constructor?: unknown }): string {
  return (typeof made === 'function' && made.name) || 'a class';
}

type Inner = (item: unknown) => unknown;

/** By prototype, so that a subclass, which would lose its class, is refused. */
const WRITERS: ReadonlyMap<unknown, (value: never, inner: Inner) => Tagged> = new Map<unknown, (value: never, inner: Inner) => Tagged>([
  [Date.prototype, (value: Date) => tagged('Date', Number.isNaN(value.getTime()) ? null : value.toISOString())],
  [Buffer.prototype, (value: Buffer) => tagged('Buffer', value.toString('base64'))],
  [Uint8Array.prototype, (value: Uint8Array) => tagged('Uint8Array', Buffer.from(value).toString('base64'))],
  [Map.prototype, (value: Map<unknown, unknown>, inner: Inner) => tagged('Map', Array.from(value, inner))],
  [Set.prototype, (value: Set<unknown>, inner: Inner) => tagged('Set', Array.from(value, inner))],
]);

function recordToJson(record: Record<string, unknown>, path: string, walk: Walk): unknown {
  const symbol = Object.getOwnPropertySymbols(record)[0];
  if (symbol !== undefined) throw cacheErrors.uncacheable(path, `an object with the key ${String(symbol)}`);
  const pairs = Object.entries(record)
    .filter(([key]) => key !== '__proto__')
    .map(([key, item]): [string, unknown] => [key, toJson(item, `${path}.${key}`, walk)]);
  if (!Object.hasOwn(record, TAG)) return Object.fromEntries(pairs);
  walk.isTagged = true;
  return tagged('Object', pairs);
}

function tagged(name: string, v: unknown): Tagged {
  return { [TAG]: name, v };
}

const READERS: Readonly<Record<string, (v: unknown) => unknown>> = {
  Undefined: () => undefined,
  Number: (v) => Number(v),
  BigInt: (v) => BigInt(v as string),
  Date: (v) => new Date((v as string | null) ?? NaN),
  Buffer: (v) => Buffer.from(v as string, 'base64'),
  Uint8Array: (v) => Uint8Array.from(Buffer.from(v as string, 'base64')),
  Map: (v) => new Map((v as unknown[]).map((pair) => fromJson(pair) as [unknown, unknown])),
  Set: (v) => new Set((v as unknown[]).map(fromJson)),
  Object: (v) => recordFromPairs(v as [string, unknown][]),
};

function fromJson(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  if (!Object.hasOwn(json, TAG)) return recordFromPairs(Object.entries(json));
  const { [TAG]: name, v } = json as Tagged;
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read === undefined) throw cacheErrors.uncacheable('the stored value', `tagged ${name}`);
  return read(v);
}

function recordFromPairs(pairs: readonly [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(pairs.filter(([key]) => key !== '__proto__').map(([key, item]) => [key, fromJson(item)]));
}
