import { Injectable } from '@nestjs/common';
import { ConversationWalk, HistoryReader } from '../../conversations/index.js';
import { ExecutionWalk, sessionOf } from '../../execution/index.js';
import type { OpenErasure, WorkedErasure } from './erasure.js';
import { ErasureRepository } from './erasure.repository.js';
import { Ownership } from './ownership.service.js';

/** Finds what is a user's, in both stores, and writes down what that is. */
@Injectable()
export class FoundThings {
  constructor(
    private readonly conversations: ConversationWalk,
    private readonly history: HistoryReader,
    private readonly executions: ExecutionWalk,
    private readonly ownership: Ownership,
    private readonly erasures: ErasureRepository,
  ) {}

  /** @returns the erasure with everything that was found, now and before */
  async add(erasure: OpenErasure): Promise<WorkedErasure> {
    const { tenantId, userId, requestedAt } = erasure;
    const [conversationIds, executionIds] = [new Set(erasure.conversationIds), new Set(erasure.executionIds)];
    for await (const conversationId of this.conversations.ids(tenantId, { userId, to: requestedAt })) conversationIds.add(conversationId);
    for await (const { executionId, conversationId, queuedAt } of this.executions.executions(tenantId, { userId })) {
      const isOld = queuedAt < requestedAt;
      if (isOld || conversationIds.has(conversationId)) executionIds.add(executionId);
      if (isOld && !conversationIds.has(conversationId) && (await this.isHis(tenantId, conversationId, userId))) conversationIds.add(conversationId);
    }
    await this.erasures.note(erasure, [...conversationIds], [...executionIds]);
    return { ...erasure, conversationIds: [...conversationIds], executionIds: [...executionIds], sessions: await this.sessionsOf(tenantId, conversationIds) };
  }

  private async sessionsOf(tenantId: string, conversationIds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const sessions = new Set<string>();
    for (const conversationId of conversationIds) {
      const conversation = await this.history.findAlive({ tenantId, conversationId });
      if (conversation) for (const agentId of [conversation.agentId, undefined]) sessions.add(sessionOf(conversation.sessionId, agentId));
    }
    return sessions;
  }

  private async isHis(tenantId: string, conversationId: string, userId: string): Promise<boolean> {
    const conversation = await this.history.findAlive({ tenantId, conversationId });
    return conversation !== null && this.ownership.isHis(tenantId, conversation, userId);
  }
}
