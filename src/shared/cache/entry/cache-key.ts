import { createHash } from 'node:crypto';
import { keys } from '../../redis/index.js';
import { cacheErrors } from '../cache.errors.js';
import type { CacheType, ScopeKind } from '../cache-registry.js';

/** Ids of the scopes that an entry belongs to. They are no part of its identity: it is found with or without them. */
export interface CacheScope {
  readonly agent?: string | undefined;
  readonly conversation?: string | undefined;
  readonly message?: string | undefined;
  readonly collection?: string | undefined;
}

/** One segment stays readable; a longer one is hashed. Characters. */
const MAX_SEGMENT = 128;
const PLAIN = /^[A-Za-z0-9_.~-]{1,128}$/;

/**
 * Any text as one segment of a key: plain characters stay, others are percent-encoded, so `:` `{` `}` `*` and blanks cannot occur.
 * What is too long, or no well-formed Unicode, becomes `=` and its SHA-256; `=` occurs nowhere else. Different texts give different segments.
 */
export function encodeSegment(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text.length > MAX_SEGMENT || !text.isWellFormed()) return `=${createHash('sha256').update(text, 'utf16le').digest('base64url')}`;
  // What encodeURIComponent leaves alone and we do not.
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** @throws TENANT_REQUIRED (internal) for a missing or blank tenant: a key without one would be everybody's */
export function encodeTenant(tenantId: string): string {
  if (typeof tenantId !== 'string' || tenantId.trim() === '') throw cacheErrors.tenantRequired();
  return encodeSegment(tenantId);
}

/** @param id one id, or a tuple of them: `['a', 'b']` and `['a:b']` are different entries */
export function entryName(type: string, id: string | readonly string[]): string {
  if (typeof id === 'string') return `${type}:${encodeSegment(id)}`;
  if (id.length === 0) throw cacheErrors.idRequired(type);
  return `${type}:(${id.map(encodeSegment).join(':')})`;
}

/** Short names of the scope kinds inside keys; `ca` is all conversations of an agent, apart from the agent itself. */
const SCOPE_NAMES: Readonly<Record<ScopeKind, string>> = { tenant: 't', agents: 'as', agent: 'a', conversations: 'ca', conversation: 'c', message: 'm', collection: 'k' };

/** The name of one scope inside a tenant; undefined when it needs an id and has none. */
export function scopeName(kind: ScopeKind, scope: CacheScope): string | undefined {
  if (kind === 'tenant' || kind === 'agents') return SCOPE_NAMES[kind];
  const id = scope[kind === 'conversations' ? 'agent' : kind];
  return id === undefined ? undefined : `${SCOPE_NAMES[kind]}:${encodeSegment(id)}`;
}

/** The scopes an entry of this type lives under, the tenant first; those whose id is not given are left out. */
export function scopeNames(type: CacheType, scope: CacheScope): string[] {
  const names = ['t'];
  for (const kind of type.scopes) {
    const name = scopeName(kind, scope);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** The indexes of a counted type: one under each scope but the tenant. */
export function indexNames({ name, isCounted }: CacheType, scopes: readonly string[]): string[] {
  return isCounted ? scopes.filter((scope) => scope !== 't').map((scope) => `${scope}:${name}`) : [];
}

/** Where one entry is: `tenant` and `name` are encoded. */
export interface EntryAddress {
  readonly tenant: string;
  readonly name: string;
  /** The Redis key; also its name in the memory of the process. */
  readonly key: string;
}

/** Addresses that were made lately are remembered, up to so many: making a key and hashing it costs more than the rest of a hit in memory. */
const MAX_REMEMBERED = 10_000;
/** By tenant, type and id, as the callers name them. */
const remembered = new Map<string, Map<string, Map<string, EntryAddress>>>();
let rememberedCount = 0;

/** @throws TENANT_REQUIRED, CACHE_ID_REQUIRED (internal) */
export function addressOf(tenantId: string, type: CacheType, id: string | readonly string[]): EntryAddress {
  if (typeof id !== 'string') return makeAddress(tenantId, type, id);
  const known = remembered.get(tenantId)?.get(type.name)?.get(id);
  if (known) return known;
  const address = makeAddress(tenantId, type, id);
  if (id.length <= MAX_SEGMENT) remember(address, tenantId, type, id);
  return address;
}

function makeAddress(tenantId: string, type: CacheType, id: string | readonly string[]): EntryAddress {
  const tenant = encodeTenant(tenantId);
  const name = entryName(type.name, id);
  return { tenant, name, key: keys.cacheEntry(tenant, name) };
}

function remember(address: EntryAddress, tenantId: string, { name }: CacheType, id: string): void {
  if (++rememberedCount > MAX_REMEMBERED) {
    remembered.clear();
    rememberedCount = 1;
  }
  const types = remembered.get(tenantId) ?? new Map<string, Map<string, EntryAddress>>();
  const ids = types.get(name) ?? new Map<string, EntryAddress>();
  remembered.set(tenantId, types.set(name, ids.set(id, address)));
}
