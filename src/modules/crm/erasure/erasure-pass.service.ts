import { Injectable } from '@nestjs/common';
import { QueuedJobs } from '../../../shared/actions/index.js';
import { ConversationErasure } from '../../conversations/index.js';
import { ExecutionErasure, ExecutionWalk, meantBy } from '../../execution/index.js';
import type { ErasureCounts, WorkedErasure } from './erasure.js';
import { ErasureRepository } from './erasure.repository.js';
import { UserTracesStore } from './user-traces.store.js';

/** What a place has found: what it took out, by what it is, and how much it could not take out yet. */
interface Found {
  readonly counts: ErasureCounts;
  readonly remaining?: number;
}

/** Looks at every place where something of a user can be and takes it out; a second time it finds nothing. */
@Injectable()
export class ErasurePass {
  private readonly places: readonly ((erasure: WorkedErasure, signal: AbortSignal) => Promise<Found>)[] = [
    (erasure) => this.fromExecutions(erasure),
    (erasure, signal) => this.fromConversations(erasure, signal),
    (erasure, signal) => this.fromOthers(erasure, signal),
    (erasure) => this.fromQueues(erasure),
    (erasure) => this.fromRedis(erasure),
    (erasure) => this.leftover(erasure),
  ];

  constructor(
    private readonly executions: ExecutionErasure,
    private readonly walk: ExecutionWalk,
    private readonly conversations: ConversationErasure,
    private readonly jobs: QueuedJobs,
    private readonly traces: UserTracesStore,
    private readonly erasures: ErasureRepository,
  ) {}

  /** @returns how much was found, all places together */
  async run(erasure: WorkedErasure, signal: AbortSignal): Promise<number> {
    let found = 0;
    for (const place of this.places) {
      signal.throwIfAborted();
      const { counts, remaining = 0 } = await place(erasure, signal);
      const taken = Object.entries(counts).filter(([, count]) => count > 0);
      if (taken.length > 0) await this.erasures.add(erasure, Object.fromEntries(taken));
      found += taken.reduce((sum, [, count]) => sum + count, remaining);
    }
    return found;
  }

  /** First: nothing writes any more once his runs have ended. */
  private async fromExecutions({ tenantId, userId, requestedAt, executionIds, conversationIds, sessions }: WorkedErasure): Promise<Found> {
    return { counts: { ...(await this.executions.erase(tenantId, { executionIds, conversationIds, sessions }, { userId, until: requestedAt })) } };
  }

  private async fromConversations({ tenantId, conversationIds }: WorkedErasure, signal: AbortSignal): Promise<Found> {
    let [conversations, messages] = [0, 0];
    for (const conversationId of conversationIds) {
      signal.throwIfAborted();
      const erased = await this.conversations.erase({ tenantId, conversationId });
      [conversations, messages] = [conversations + erased.conversations, messages + erased.messages];
    }
    return { counts: { conversations, messages } };
  }

  /** His messages in conversations that are not his. */
  private async fromOthers({ tenantId, executionIds, conversationIds }: WorkedErasure, signal: AbortSignal): Promise<Found> {
    const own = new Set(conversationIds);
    let redactedMessages = 0;
    for (const executionId of executionIds) {
      signal.throwIfAborted();
      const execution = await this.walk.find(tenantId, executionId);
      if (execution && !own.has(execution.conversationId)) redactedMessages += await this.conversations.redact({ tenantId, conversationId: execution.conversationId }, executionId);
    }
    return { counts: { redactedMessages } };
  }

  private async fromQueues({ tenantId, userId, requestedAt, executionIds, conversationIds, sessions }: WorkedErasure): Promise<Found> {
    const { removed, busy } = await this.jobs.removeWhere(tenantId, meantBy({ executionIds, conversationIds, sessions, userId, until: requestedAt }));
    return { counts: { queuedJobs: removed }, remaining: busy };
  }

  private async fromRedis({ tenantId, userId, requestedAt, executionIds, conversationIds }: WorkedErasure): Promise<Found> {
    const found = await this.traces.remove(tenantId, { ids: new Set([...executionIds, ...conversationIds]), userId, until: requestedAt });
    return { counts: { ...found } };
  }

  private async leftover({ tenantId, conversationIds }: WorkedErasure): Promise<Found> {
    return { counts: {}, remaining: await this.conversations.countLeft(tenantId, conversationIds) };
  }
}
