import { Injectable } from '@nestjs/common';
import { Between, JsonContains } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import { ConversationEntity } from '../archive/conversation.entity.js';
import { MessageEntity } from '../archive/message.entity.js';
import type { ConversationRef } from '../conversation.js';
import { REDACTED } from './redacted-message.store.js';

/** Which conversations: a user's, or all, begun in a stretch of time. */
export interface PersonalFilter {
  readonly userId?: string | undefined;
  /** Begun at this time or later. */
  readonly from?: Date | undefined;
  /** Begun before this time. */
  readonly to?: Date | undefined;
}

/** A place in the order of their beginnings. */
export interface Begun {
  readonly conversationId: string;
  readonly createdAt: Date;
}

const CONDITIONS: Readonly<Record<keyof PersonalFilter, string>> = { userId: 'c.user_id = :userId', from: 'c.created_at >= :from', to: 'c.created_at < :to' };

const REDACT = `
  UPDATE messages SET content = $4, metadata = $5 WHERE tenant_id = $1 AND conversation_id = $2 AND message_id = ANY ($3::text[]) AND metadata IS DISTINCT FROM $5::jsonb RETURNING seq`;

/** Conversations as rows, one after the other, without counting or caching any. */
@Injectable()
export class PersonalConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Oldest first; deleted ones are left out. @param after the last one known */
  async findAfter(tenantId: string, filter: PersonalFilter, after: Begun | undefined, limit: number): Promise<Begun[]> {
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const query = manager.createQueryBuilder(ConversationEntity, 'c').select(['c.conversationId', 'c.createdAt']).where("c.tenant_id = :tenantId AND c.status <> 'deleted'", { tenantId });
      for (const [field, condition] of Object.entries(CONDITIONS)) {
        const value = filter[field as keyof PersonalFilter];
        if (value !== undefined) query.andWhere(condition, { [field]: value });
      }
      if (after) query.andWhere('(c.created_at, c.conversation_id) > (:createdAt, :conversationId)', { ...after });
      return query.orderBy({ 'c.createdAt': 'ASC', 'c.conversationId': 'ASC' }).limit(limit).getMany();
    });
  }

  /** Takes what was said out of messages. @returns how many said something */
  async redact({ tenantId, conversationId }: ConversationRef, messageIds: readonly string[]): Promise<number> {
    const values = [tenantId, conversationId, messageIds, REDACTED.content, JSON.stringify(REDACTED.metadata)];
    const [rows] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<[unknown[], number]>(REDACT, values));
    return rows.length;
  }

  async hasRedacted({ tenantId, conversationId }: ConversationRef, fromSeq: number, toSeq: number): Promise<boolean> {
    const where = { tenantId, conversationId, seq: Between(fromSeq, toSeq), metadata: JsonContains(REDACTED.metadata) };
    return this.transactions.within(tenantId, undefined, (manager) => manager.existsBy(MessageEntity, where));
  }

  /** Messages that are left of these conversations, and rows that say something of them: none, once they are deleted. */
  async countLeft(tenantId: string, conversationIds: readonly string[]): Promise<number> {
    const sql = `
      SELECT (SELECT count(*) FROM messages WHERE tenant_id = $1 AND conversation_id = ANY ($2::uuid[]))
        + (SELECT count(*) FROM conversations WHERE tenant_id = $1 AND conversation_id = ANY ($2::uuid[]) AND status <> 'deleted') AS count`;
    const [row] = await this.transactions.within(tenantId, undefined, (manager) => manager.query<{ count: string }[]>(sql, [tenantId, conversationIds]));
    return Number(row?.count ?? 0);
  }
}
