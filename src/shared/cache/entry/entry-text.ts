import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { cacheErrors } from '../cache.errors.js';
import { decode, encode } from './codec.js';

/** Changes with the format of entries; an entry of another schema is no entry. */
const SCHEMA = '1';
/** Largest value, bytes of its JSON. */
const MAX_BYTES = 1_048_576;
/** From here on compressing costs a reader less than it saves Redis; below, unpacking takes longer than the round trip. Bytes. */
const COMPRESS_FROM_BYTES = 4_096;
/** A compressed body has to be at least this much smaller. */
const WORTHWHILE = 0.8;

/** What an entry says of itself; times are milliseconds. */
export interface EntryHead {
  readonly type: string;
  /** Encoded, as in the key. */
  readonly tenant: string;
  /** Epoch. */
  readonly createdAt: number;
  /** 0 is without end. */
  readonly ttlMs: number;
  readonly graceMs: number;
  /** How long it took to load. */
  readonly loadMs: number;
}

/** A value packed for Redis. The scripts put `head`, the generations and `body` together, one a line: see l2/functions.lua. */
export interface PackedEntry {
  readonly head: string;
  readonly body: string | Buffer;
  readonly sizeBytes: number;
}

/** An entry as it was read. */
export interface Entry extends EntryHead {
  readonly value: unknown;
  /** [scope name, generation] of each scope. */
  readonly generations: readonly (readonly [string, string])[];
  /** Unpacked. */
  readonly sizeBytes: number;
}

/** @throws UNCACHEABLE_VALUE (internal) */
export function packEntry({ type, tenant, createdAt, ttlMs, loadMs }: Omit<EntryHead, 'graceMs'>, value: unknown): PackedEntry {
  const { text, isTagged } = encode(value);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_BYTES) throw cacheErrors.tooLarge(sizeBytes, MAX_BYTES);
  const body = compress(text, sizeBytes);
  const format = (isTagged ? 't' : 'p') + (typeof body === 'string' ? '' : 'z');
  const head = [SCHEMA, type, tenant, Math.round(createdAt), ttlMs, Math.ceil(loadMs), format].join(' ');
  return { head: `${head} ${checksum(head, body)}`, body, sizeBytes };
}

/** @returns undefined for what is no entry of this type and tenant: another schema, damaged, or somebody else's */
export function readEntry(bytes: Buffer, type: string, tenant: string): Entry | undefined {
  try {
    return parse(bytes, type, tenant);
  } catch {
    // A damaged entry is a miss, whatever is wrong with it.
    return undefined;
  }
}

function parse(bytes: Buffer, type: string, tenant: string): Entry | undefined {
  const headEnd = bytes.indexOf(10);
  const scopesEnd = bytes.indexOf(10, headEnd + 1);
  if (headEnd < 0 || scopesEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const [schema, ownType, ownTenant, createdAt, ttlMs, loadMs, format = ''] = head.split(' ');
  if (schema !== SCHEMA || ownType !== type || ownTenant !== tenant) return undefined;
  const [graceMs, scopes = ''] = bytes.toString('latin1', headEnd + 1, scopesEnd).split(' ');
  const body = bytes.subarray(scopesEnd + 1);
  const sumAt = head.lastIndexOf(' ');
  if (head.slice(sumAt + 1) !== checksum(head.slice(0, sumAt), body)) return undefined;
  const unpacked = format.endsWith('z') ? gunzipSync(body, { maxOutputLength: MAX_BYTES }) : body;
  return {
    ...{ type, tenant, createdAt: Number(createdAt), ttlMs: Number(ttlMs), loadMs: Number(loadMs), graceMs: Number(graceMs) },
    generations: scopes.split(',').map((pair) => pair.split('|') as [string, string]),
    value: decode({ text: unpacked.toString('utf8'), isTagged: format.startsWith('t') }),
    sizeBytes: unpacked.length,
  };
}

/** Of all but the scopes, which only the scripts know, and check. */
function checksum(head: string, body: string | Buffer): string {
  return crc32(body, crc32(head)).toString(16);
}

function compress(text: string, sizeBytes: number): string | Buffer {
  if (sizeBytes < COMPRESS_FROM_BYTES) return text;
  const packed = gzipSync(text, { level: 1 });
  return packed.length <= sizeBytes * WORTHWHILE ? packed : text;
}
