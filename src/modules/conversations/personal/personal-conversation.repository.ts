import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../shared/database/index.js';
import { ConversationEntity } from '../archive/conversation.entity.js';

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
}
