import { CacheSettings } from '../config/index.js';
import { cacheErrors } from './cache.errors.js';

/** What an entry can belong to, and be invalidated with: `agents` is all agents' lists, `conversations` all conversations of one agent. */
export type ScopeKind = 'tenant' | 'agents' | 'agent' | 'conversations' | 'conversation' | 'message' | 'collection';

interface TypeSpec {
  /** The setting that holds its time to live, seconds; 0 is without end. */
  readonly ttl: keyof CacheSettings;
  /** Scopes besides the tenant. */
  readonly scopes: readonly ScopeKind[];
  /** How long after its end an entry may still stand in for a loader that fails or is slow, seconds. */
  readonly graceSeconds: number;
  /** How long "there is none" is remembered, seconds; 0 is not at all. */
  readonly absentSeconds: number;
  /** An invalidation reports how many there were. */
  readonly isCounted: boolean;
  /** A loader's `undefined` is a value, too; otherwise it means: do not cache. */
  readonly keepsUndefined: boolean;
  /** How long a process may serve it from its own memory, seconds; the setting CACHE_L1_TTL_SECONDS when not given. */
  readonly memorySeconds?: number;
}

const PLAIN: Omit<TypeSpec, 'ttl'> = { scopes: [], graceSeconds: 300, absentSeconds: 30, isCounted: false, keepsUndefined: false };
const COUNTED = { ...PLAIN, isCounted: true };

/**
 * Every type of cached data. A type that is not here cannot be cached.
 *
 * @source seed 000 (first six; their TTLs), seed 001 (execution context and its parts); the rest is ours
 */
export const CACHE_TYPES = {
  agent_config: { ...COUNTED, ttl: 'agentConfigSeconds', scopes: ['agent'] },
  agent_tools: { ...COUNTED, ttl: 'agentToolsSeconds', scopes: ['agent'] },
  collection_metadata: { ...PLAIN, ttl: 'collectionMetadataSeconds', scopes: ['collection'] },
  conversation_memory: { ...COUNTED, ttl: 'conversationMemorySeconds', scopes: ['conversations', 'conversation'] },
  conversation_message: { ...COUNTED, ttl: 'conversationMessageSeconds', scopes: ['conversations', 'conversation', 'message'] },
  agent_execution_state: { ...PLAIN, ttl: 'executionStateSeconds', scopes: ['agent', 'conversation'] },
  embedding: { ...PLAIN, ttl: 'embeddingSeconds' },
  query_result: { ...PLAIN, ttl: 'queryResultSeconds', scopes: ['agent', 'collection'], graceSeconds: 0 },
  execution_context: { ...PLAIN, ttl: 'executionContextSeconds', scopes: ['agent', 'conversation'], graceSeconds: 0 },
  context_agent: { ...COUNTED, ttl: 'contextAgentSeconds', scopes: ['agent'] },
  context_collections: { ...PLAIN, ttl: 'contextCollectionsSeconds', scopes: ['agent', 'collection'] },
  context_part: { ...PLAIN, ttl: 'contextPartSeconds', scopes: ['agent'] },
  api_key: { ...PLAIN, ttl: 'apiKeySeconds', graceSeconds: 0 },
  tenant: { ...PLAIN, ttl: 'tenantSeconds' },
  agent_response: { ...PLAIN, ttl: 'agentConfigSeconds', scopes: ['agent'] },
  agent_list: { ...PLAIN, ttl: 'agentListSeconds', scopes: ['agents'] },
  crm_conversation: { ...PLAIN, ttl: 'crmReadSeconds', scopes: ['conversation'], graceSeconds: 0 },
  crm_statistics: { ...PLAIN, ttl: 'crmStatisticsSeconds' },
} as const satisfies Record<string, TypeSpec>;

export type CacheTypeName = keyof typeof CACHE_TYPES;

/** A row of {@link CACHE_TYPES} with its numbers. */
export interface CacheType extends Omit<TypeSpec, 'ttl' | 'graceSeconds' | 'absentSeconds' | 'memorySeconds'> {
  readonly name: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly absentMs: number;
  readonly memoryMs: number;
}

/** The types with the numbers of these settings. */
export function cacheTypes(settings: CacheSettings): ReadonlyMap<string, CacheType> {
  return new Map(Object.entries<TypeSpec>(CACHE_TYPES).map(([name, spec]) => [name, typeOf(name, spec, settings)]));
}

function typeOf(name: string, { ttl, graceSeconds, absentSeconds, memorySeconds, ...rest }: TypeSpec, settings: CacheSettings): CacheType {
  const seconds = { memory: memorySeconds ?? settings.l1TtlSeconds, ttl: settings[ttl] };
  return { ...rest, name, ttlMs: seconds.ttl * 1_000, graceMs: graceSeconds * 1_000, absentMs: absentSeconds * 1_000, memoryMs: seconds.memory * 1_000 };
}

/** Longest time to live, seconds: a year. */
const MAX_TTL_SECONDS = 31_536_000;

/**
 * A caller's time to live in milliseconds: fractions of a second are kept to the millisecond, rounded up; 0 is without end.
 *
 * @throws CACHE_TTL_INVALID (internal) for what is negative, no number, or more than a year
 */
export function ttlMsOf(ttlSeconds: number): number {
  if (!(ttlSeconds >= 0) || ttlSeconds > MAX_TTL_SECONDS) throw cacheErrors.ttlInvalid(ttlSeconds);
  return Math.ceil(ttlSeconds * 1_000);
}
