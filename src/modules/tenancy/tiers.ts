import { TIERS, type Tier } from '../../contracts/index.js';

/** What a tenant may: its tier's numbers, and what an administrator has laid over them. `null` is without limit. */
export interface TierLimits {
  /** Turns in a minute. Windows begin with their first turn. */
  readonly requestsPerMinute: number | null;
  /** Turns in a day of 24 hours. */
  readonly requestsPerDay: number | null;
  /** Requests of any kind in a minute, by one API key: a ceiling against programs that have run wild. */
  readonly apiRequestsPerMinute: number | null;
  /** Runs at once; those that wait for their conversation do not count. */
  readonly concurrentRuns: number | null;
  /** Tokens of models, read and written, in a day and in a month of UTC. */
  readonly tokensPerDay: number | null;
  readonly tokensPerMonth: number | null;
  /** What they cost, by the setting MODEL_PRICES, in millionths of a US dollar. */
  readonly costMicrosPerDay: number | null;
  readonly costMicrosPerMonth: number | null;
  /** Model calls in one run. */
  readonly maxIterations: number;
  /** Tools of one run; those that an agent names after them are left out. */
  readonly maxTools: number | null;
  /** Longest run, milliseconds. */
  readonly runTimeoutMs: number;
  /** What a client is told to expect before its turn begins under load, seconds. */
  readonly estimatedSeconds: number;
  readonly maxAgents: number | null;
  /** Models that agents and turns may name, besides the setting NOOBLE_MODEL; `builtin/*` is every model that begins so. */
  readonly models: readonly string[] | null;
  /** Tools of the system that agents may name. */
  readonly tools: readonly string[] | null;
  readonly maxCollectionsPerAgent: number | null;
  /** Messages of a conversation that a model is shown. */
  readonly contextMessages: number;
  /** Active conversations of a tenant. */
  readonly maxActiveConversations: number | null;
  /** Messages of one conversation; the answer to the last one comes on top. */
  readonly maxMessagesPerConversation: number | null;
  /** A conversation that has been silent for this long is archived; after as long again its content is erased. Days. */
  readonly retentionDays: number;
  /** Texts of one request for embeddings, and characters (UTF-16 code units) of each. */
  readonly maxTextsPerEmbedding: number;
  readonly maxCharactersPerText: number;
  /** Documents: nothing takes any yet, so nothing holds these three. */
  readonly documentsPerHour: number | null;
  readonly maxDocumentBytes: number | null;
  readonly maxChunksPerDocument: number | null;
}

/** What an administrator lets a tenant otherwise than its tier. */
export type LimitOverrides = Partial<TierLimits>;

const MEBIBYTE = 1_048_576;
const NO_BUDGETS = { tokensPerDay: null, tokensPerMonth: null, costMicrosPerDay: null, costMicrosPerMonth: null };

/** Where the model is one of `originals.md`, or of the model that needs no provider. */
const FREE_MODELS = ['builtin/*', 'llama3-8b-8192'];

/**
 * The numbers of the tiers, in one place.
 *
 * @source `originals.md` section 1.4; `apiRequestsPerMinute` and `concurrentRuns` are ours: one run for each active conversation, and requests enough for a busy client
 */
export const TIER_LIMITS: Readonly<Record<Tier, TierLimits>> = {
  free: {
    ...{ requestsPerMinute: 10, requestsPerDay: 100, apiRequestsPerMinute: 1_200, concurrentRuns: 3, ...NO_BUDGETS },
    ...{ maxIterations: 3, maxTools: 2, runTimeoutMs: 30_000, estimatedSeconds: 30 },
    ...{ maxAgents: 1, models: FREE_MODELS, tools: ['basic_chat', 'datetime'], maxCollectionsPerAgent: 1 },
    ...{ contextMessages: 5, maxActiveConversations: 3, maxMessagesPerConversation: 50, retentionDays: 7 },
    ...{ maxTextsPerEmbedding: 10, maxCharactersPerText: 2_000 },
    ...{ documentsPerHour: 5, maxDocumentBytes: 5 * MEBIBYTE, maxChunksPerDocument: 500 },
  },
  advance: {
    ...{ requestsPerMinute: 50, requestsPerDay: 1_000, apiRequestsPerMinute: 3_000, concurrentRuns: 10, ...NO_BUDGETS },
    ...{ maxIterations: 5, maxTools: 5, runTimeoutMs: 60_000, estimatedSeconds: 20 },
    ...{ maxAgents: 3, models: [...FREE_MODELS, 'llama3-70b-8192'], tools: ['basic_chat', 'datetime', 'rag_query', 'calculator'], maxCollectionsPerAgent: 3 },
    ...{ contextMessages: 15, maxActiveConversations: 10, maxMessagesPerConversation: 200, retentionDays: 30 },
    ...{ maxTextsPerEmbedding: 25, maxCharactersPerText: 4_000 },
    ...{ documentsPerHour: 20, maxDocumentBytes: 10 * MEBIBYTE, maxChunksPerDocument: 1_000 },
  },
  professional: {
    ...{ requestsPerMinute: 200, requestsPerDay: 10_000, apiRequestsPerMinute: 12_000, concurrentRuns: 50, ...NO_BUDGETS },
    ...{ maxIterations: 10, maxTools: 10, runTimeoutMs: 120_000, estimatedSeconds: 10 },
    ...{ maxAgents: 10, models: null, tools: null, maxCollectionsPerAgent: 10 },
    ...{ contextMessages: 30, maxActiveConversations: 50, maxMessagesPerConversation: 1_000, retentionDays: 90 },
    ...{ maxTextsPerEmbedding: 50, maxCharactersPerText: 8_000 },
    ...{ documentsPerHour: 100, maxDocumentBytes: 50 * MEBIBYTE, maxChunksPerDocument: 5_000 },
  },
  enterprise: {
    ...{ requestsPerMinute: null, requestsPerDay: null, apiRequestsPerMinute: null, concurrentRuns: null, ...NO_BUDGETS },
    ...{ maxIterations: 20, maxTools: null, runTimeoutMs: 300_000, estimatedSeconds: 5 },
    ...{ maxAgents: null, models: null, tools: null, maxCollectionsPerAgent: null },
    ...{ contextMessages: 50, maxActiveConversations: null, maxMessagesPerConversation: null, retentionDays: 365 },
    ...{ maxTextsPerEmbedding: 100, maxCharactersPerText: 8_000 },
    ...{ documentsPerHour: 500, maxDocumentBytes: 100 * MEBIBYTE, maxChunksPerDocument: 10_000 },
  },
};

/** Of every limit. */
export const LIMIT_NAMES: readonly string[] = Object.keys(TIER_LIMITS.free);

/** How whoever has met a limit comes to a higher one; ends a sentence. */
export const HIGHER_TIER = 'ask an administrator for a higher tier or limit (with AUTH_MODE=headers you choose the tier yourself, such as "X-Tenant-Tier: enterprise")';

/** The numbers that count for a tenant. @param overrides of that tenant; what they do not name is the tier's */
export function limitsOf(tier: Tier, overrides: LimitOverrides = {}): TierLimits {
  return { ...TIER_LIMITS[tier], ...overrides };
}

/** True when `tier` is at least `minimum`. */
export function isAtLeast(tier: Tier, minimum: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(minimum);
}
