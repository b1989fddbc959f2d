import { memoErrors } from '../memo.errors.js';
import { KeyedInput } from './keyed-input.js';
import { bytesClass } from './kinds.js';
import { put, regExpOf } from './rebuilt.js';
import { type SealedFor } from './sealed.js';
import { Walk } from './walk.js';

/** The property that marks what JSON cannot hold. @source AgentHeaven 0.9.2, ahvn.utils.basic.serialize_utils */
export const TAG = '__obj_type__';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const BYTES = { Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array };

/**
 * A value as JSON can hold it: what it cannot is an object with {@link TAG}. Properties keep their order.
 *
 * @throws UNHASHABLE_ARGUMENT (an input) or UNCACHEABLE_VALUE (an output) for functions, symbols, cycles, and instances of classes
 */
export function tagged(value: unknown, sealedFor: SealedFor): Json {
  return new Tagging(sealedFor).tag(value);
}

class Tagging {
  private readonly walk: Walk;

  constructor(private readonly sealedFor: SealedFor) {
    this.walk = new Walk(sealedFor === 'input' ? memoErrors.unhashable : memoErrors.uncacheable);
  }

  tag(value: unknown): Json {
    if (this.sealedFor === 'input' && typeof value === 'object' && value !== null) {
      const keyed = KeyedInput.of(value);
      if (keyed) return { [TAG]: 'keyed', class: keyed.className, key: this.tag(keyed.key) };
    }
    const kind = this.walk.kind(value);
    if (kind === 'primitive') return tagPrimitive(value);
    if (kind === 'array') return this.list(value as object, value as unknown[]);
    if (kind === 'object') return this.tagObject(value as Record<string, unknown>);
    if (kind === 'Set') return { [TAG]: 'set', items: this.list(value as object, [...(value as Set<unknown>)]) };
    if (kind === 'Map') return { [TAG]: 'map', items: this.list(value as object, [...(value as Map<unknown, unknown>)]) };
    return tagBuiltIn(value as object);
  }

  private list(parent: object, items: readonly unknown[]): Json[] {
    return items.map((item, i) => this.walk.into(parent, i, () => this.tag(item)));
  }

  private tagObject(value: Readonly<Record<string, unknown>>): Json {
    const pairs = Object.keys(value).map((key): [string, Json] => [key, this.walk.into(value, key, () => this.tag(value[key]))]);
    return Object.hasOwn(value, TAG) ? { [TAG]: 'object', items: pairs } : Object.fromEntries(pairs);
  }
}

function tagPrimitive(value: unknown): Json {
  if (typeof value === 'bigint') return { [TAG]: 'bigint', value: String(value) };
  if (value === undefined) return { [TAG]: 'undefined' };
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value as Json;
  return { [TAG]: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
}

function tagBuiltIn(value: object): Json {
  if (value instanceof URL) return { [TAG]: 'url', value: value.href };
  if (Object.prototype.toString.call(value) === '[object Date]') return { [TAG]: 'datetime', value: dateText(value as Date) };
  if (Object.prototype.toString.call(value) === '[object RegExp]') return tagRegExp(value as RegExp);
  if (!ArrayBuffer.isView(value)) return { [TAG]: 'ArrayBuffer', base64: Buffer.from(value as ArrayBuffer).toString('base64') };
  return { [TAG]: bytesClass(value as NodeJS.TypedArray), base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function tagRegExp({ source, flags, lastIndex }: RegExp): Json {
  return { [TAG]: 'regexp', source, flags, lastIndex };
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'NaN' : date.toISOString();
}

type Tagged = { readonly [key: string]: Json };

const READERS: Readonly<Record<string, (json: Tagged) => unknown>> = {
  undefined: () => undefined,
  bigint: ({ value }) => BigInt(value as string),
  number: ({ value }) => Number(value),
  datetime: ({ value }) => new Date(value === 'NaN' ? NaN : (value as string)),
  url: ({ value }) => new URL(value as string),
  regexp: ({ source, flags, lastIndex }) => regExpOf(source as string, flags as string, lastIndex as number),
  keyed: ({ class: className, key }) => new KeyedInput(className as string, untagged(key as Json)),
  set: ({ items }) => new Set((items as Json[]).map(untagged)),
  map: ({ items }) => new Map((items as Json[]).map((pair) => untagged(pair) as [unknown, unknown])),
  object: ({ items }) => objectOf(items as [string, Json][]),
  Buffer: ({ base64 }) => Buffer.from(base64 as string, 'base64'),
  ArrayBuffer: ({ base64 }) => bytesOf(base64).buffer,
};

/** The value that {@link tagged} has made JSON of. @throws MEMO_ENTRY_DAMAGED for a tag that is not ours */
export function untagged(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(untagged);
  if (!Object.hasOwn(json, TAG)) return objectOf(Object.entries(json));
  const name = json[TAG];
  if (typeof name !== 'string') throw memoErrors.damaged(`${TAG} is no text`);
  if (Object.hasOwn(READERS, name)) return READERS[name]?.(json);
  if (!Object.hasOwn(BYTES, name)) throw memoErrors.damaged(`there is no type ${name}`);
  return new BYTES[name as keyof typeof BYTES](bytesOf(json['base64']).buffer);
}

function objectOf(pairs: readonly (readonly [string, Json])[]): object {
  const made = {};
  for (const [key, value] of pairs) put(made, key, untagged(value));
  return made;
}

/** In memory of its own, from its beginning on. */
function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64 as string, 'base64'));
}
