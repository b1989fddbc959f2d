import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { Counter } from 'prom-client';
import type { Tier } from '../../../contracts/index.js';
import { type CacheRef, type Lookup, TieredCache } from '../../../shared/cache/index.js';
import { CacheSettings } from '../../../shared/config/index.js';
import { type AppError, toAppError } from '../../../shared/errors/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import { AgentsService } from '../../agents/index.js';
import { TenantLimits, type TierLimits } from '../../tenancy/index.js';
import { readContextKey } from './context-key.js';
import { type AgentSnapshot, assemble, type ContextIds, type ContextPart, type ExecutionContext, isCurrent } from './execution-context.js';

/** Where a context came from: the memory of the process, Redis, or newly assembled. */
export type ContextSource = 'memory' | 'redis' | 'database';

/** What a context key came to. */
export type ResolvedContext =
  | { readonly kind: 'hit' | 'rebuilt'; readonly context: ExecutionContext; readonly source: ContextSource }
  /** The agent cannot be read: only what the key itself says is known. */
  | { readonly kind: 'partial'; readonly context: ContextIds & { readonly tenantTier: Tier }; readonly reason: AppError }
  /** The key is another's, or none. */
  | { readonly kind: 'denied' };

/** Whose turn. */
export interface TurnCaller {
  readonly tenantId: string;
  readonly tier: Tier;
}

/** What a turn is accepted by. */
export interface TurnBasis {
  readonly agent: AgentSnapshot;
  readonly limits: TierLimits;
}

/** Whose action carries a key, as far as the action says. */
export type ContextOwner = Pick<ContextIds, 'tenantId'> & Partial<ContextIds>;

/**
 * Execution contexts: assembled from parts that are read once and age on their own, kept for as long as they are used, and void with
 * the generation of their agent, which every edit of it ends.
 *
 * @source seed 001, ContextCacheManager
 */
@Injectable()
export class ExecutionContexts {
  private readonly resolutions: Counter<'kind'>;

  constructor(
    private readonly cache: TieredCache,
    private readonly agents: AgentsService,
    private readonly settings: CacheSettings,
    private readonly limits: TenantLimits,
    private readonly logger: PinoLogger,
    metrics: MetricsService,
  ) {
    this.resolutions = metrics.counter({ name: 'nooble_context_resolutions_total', help: 'Execution contexts by how they were found (hit, rebuilt, partial, denied).', labelNames: ['kind'] });
  }

  /** What a tenant may now. */
  async limitsOf({ tenantId, tier }: TurnCaller): Promise<TierLimits> {
    return this.limits.of(tenantId, tier);
  }

  /** What a turn is accepted by: its agent, and what its tenant may now. @throws AGENT_NOT_FOUND (notFound) */
  async basisOf({ tenantId, tier }: TurnCaller, agentId: string): Promise<TurnBasis> {
    const [agent, limits] = await Promise.all([this.agentOf(tenantId, agentId), this.limits.of(tenantId, tier)]);
    return { agent, limits };
  }

  /** The agent's part, as old as it may be in a context. @throws AGENT_NOT_FOUND (notFound) */
  async agentOf(tenantId: string, agentId: string): Promise<AgentSnapshot> {
    return (await this.agentPart(tenantId, agentId)).value;
  }

  /**
   * The context of a conversation with an agent, made if there is none that is current. Its limits are those of this moment: what an administrator
   * changes counts for the next turn.
   *
   * @throws AGENT_NOT_FOUND (notFound), and what reading the agent throws
   */
  async ensure(ids: ContextIds, tier: Tier): Promise<{ readonly context: ExecutionContext; readonly source: ContextSource }> {
    const limits = await this.limits.of(ids.tenantId, tier);
    const make = async (): Promise<ExecutionContext> => assemble(ids, { tier, limits }, await this.agentPart(ids.tenantId, ids.agentId), this.partMs);
    const found = await this.cache.getOrLoad<ExecutionContext>(refOf(ids), make);
    const lookup = found.value && isCurrent(found.value, tier, Date.now()) ? found : await this.renew(ids, tier, make, found);
    // Used is used: it lives its whole time again. The memory asks Redis again often enough for that.
    if (lookup.source === 'l2') void this.cache.touch(refOf(ids));
    return { context: { ...(lookup.value ?? (await make())), limits }, source: sourceOf(lookup) };
  }

  private get partMs(): number {
    return this.settings.contextAgentSeconds * 1_000;
  }

  /** While the database is away a warm conversation goes on with what there is. */
  private async renew(ids: ContextIds, tier: Tier, make: () => Promise<ExecutionContext>, old: Lookup<ExecutionContext>): Promise<Lookup<ExecutionContext>> {
    try {
      return await this.cache.getOrLoad<ExecutionContext>(refOf(ids), make, { isReload: true });
    } catch (error) {
      if (old.value?.tenantTier === tier && toAppError(error).isRetryable) return old;
      throw error;
    }
  }

  /**
   * The context that an action carries the key of.
   *
   * @param owner whose action it is: no key reads another's context; an agent or a conversation that is named has to be the key's, too
   */
  async resolve(key: string, owner: ContextOwner, tier: Tier): Promise<ResolvedContext> {
    const resolved = await this.resolveIds(readContextKey(key), owner, tier);
    this.resolutions.inc({ kind: resolved.kind });
    return resolved;
  }

  private async resolveIds(ids: ContextIds | undefined, owner: ContextOwner, tier: Tier): Promise<ResolvedContext> {
    if (ids === undefined || !isOwn(ids, owner)) {
      this.logger.warn({ ...owner, key: ids }, 'An action carries a context key that is not its own');
      return { kind: 'denied' };
    }
    try {
      const { context, source } = await this.ensure(ids, tier);
      if (!isOwn(context, owner)) return { kind: 'denied' };
      return { kind: source === 'database' ? 'rebuilt' : 'hit', context, source };
    } catch (thrown) {
      const reason = toAppError(thrown);
      if (!reason.isRetryable) throw reason;
      this.logger.warn({ err: reason, tenantId: ids.tenantId, agentId: ids.agentId }, 'An execution context is only partial');
      return { kind: 'partial', context: { ...ids, tenantTier: tier }, reason };
    }
  }

  private async agentPart(tenantId: string, agentId: string): Promise<ContextPart<AgentSnapshot>> {
    const load = async (): Promise<ContextPart<AgentSnapshot>> => {
      const { createdAt: _, updatedAt: __, ...value } = await this.agents.load(tenantId, agentId);
      return { value, fetchedAt: Date.now() };
    };
    const ref = { tenantId, type: 'context_agent', id: agentId, scope: { agent: agentId } } as const;
    // A tenth less, because the cache adds up to a tenth: one that it has is young enough, and those who find none share one load.
    const ttlSeconds = this.settings.contextAgentSeconds * 0.9;
    const part = (await this.cache.getOrLoad(ref, load, { ttlSeconds })).value;
    if (part && Date.now() - part.fetchedAt < this.partMs) return part;
    try {
      return (await this.cache.getOrLoad(ref, load, { ttlSeconds, isReload: true })).value ?? (await load());
    } catch (error) {
      if (part && toAppError(error).isRetryable) return part;
      throw error;
    }
  }
}

function refOf({ tenantId, agentId, conversationId }: ContextIds): CacheRef {
  return { tenantId, type: 'execution_context', id: [agentId, conversationId], scope: { agent: agentId, conversation: conversationId } };
}

function isOwn(ids: ContextIds, { tenantId, agentId = ids.agentId, conversationId = ids.conversationId }: ContextOwner): boolean {
  return ids.tenantId === tenantId && ids.agentId === agentId && ids.conversationId === conversationId;
}

function sourceOf({ source }: Lookup<unknown>): ContextSource {
  return source === 'l1' || source === 'stale' ? 'memory' : source === 'l2' ? 'redis' : 'database';
}
