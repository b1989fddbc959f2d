import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import type { Conversation, ConversationFilter } from '../conversation.js';
import { plain } from './archive.repository.js';
import { ConversationEntity } from './conversation.entity.js';

/** Where a list goes on: after the conversation with this time and id. */
export interface ListCursor {
  readonly createdAt: Date;
  readonly conversationId: string;
}

/** Numbers of one agent's conversations. */
export interface AgentCounts {
  readonly agentId: string;
  readonly conversations: number;
  readonly active: number;
  readonly messages: number;
  readonly tokens: number;
}

/** Conditions in SQL, by the field of the filter that they are for. */
const CONDITIONS: Readonly<Record<Exclude<keyof ConversationFilter, 'storage'>, string>> = {
  agentId: 'c.agentId = :agentId',
  sessionId: 'c.sessionId = :sessionId',
  userId: 'c.userId = :userId',
  status: 'c.status = :status',
  from: 'c.createdAt >= :from',
  to: 'c.createdAt < :to',
  q: 'EXISTS (SELECT 1 FROM messages m WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.conversation_id AND m.seq <> ALL (c.withdrawn_seqs) AND search_vector(m.content) @@ search_query(:q))',
};

const MATCHING_AMONG = `
  SELECT DISTINCT conversation_id AS "conversationId" FROM messages
  WHERE tenant_id = $1 AND conversation_id = ANY($2::uuid[]) AND search_vector(content) @@ search_query($3)
    AND (conversation_id, seq) NOT IN (SELECT * FROM unnest($4::uuid[], $5::integer[]))`;

const MATCHING_TEXTS = 'SELECT i::integer - 1 AS place FROM unnest($1::text[]) WITH ORDINALITY AS t (content, i) WHERE search_vector(content) @@ search_query($2)';

/** Lists, searches and counts over what PostgreSQL has. Whoever is in Redis is left out by its id: what its row says is not the newest. */
@Injectable()
export class ConversationSearchRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Newest first. @param hotIds to be left out */
  async findPage(tenantId: string, filter: ConversationFilter, page: { readonly limit: number; readonly cursor: ListCursor | undefined }, hotIds: readonly string[]): Promise<Conversation[]> {
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const query = matching(manager, tenantId, filter, hotIds);
      if (page.cursor) query.andWhere('(c.createdAt, c.conversationId) < (:at, :id)', { at: page.cursor.createdAt, id: page.cursor.conversationId });
      return (await query.orderBy({ 'c.createdAt': 'DESC', 'c.conversationId': 'DESC' }).limit(page.limit).getMany()).map(plain);
    });
  }

  async count(tenantId: string, filter: ConversationFilter, hotIds: readonly string[]): Promise<number> {
    return this.transactions.within(tenantId, undefined, (manager) => matching(manager, tenantId, filter, hotIds).getCount());
  }

  /** Those of these conversations in which an archived message has the words that is not withdrawn. @param hot as Redis has them: PostgreSQL may not know yet what is withdrawn */
  async findMatching(tenantId: string, hot: readonly Pick<Conversation, 'conversationId' | 'withdrawnSeqs'>[], words: string): Promise<string[]> {
    const withdrawn = hot.flatMap(({ conversationId, withdrawnSeqs }) => withdrawnSeqs.map((seq) => ({ conversationId, seq })));
    const values = [tenantId, hot.map(({ conversationId }) => conversationId), words, withdrawn.map(({ conversationId }) => conversationId), withdrawn.map(({ seq }) => seq)];
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.query<{ conversationId: string }[]>(MATCHING_AMONG, values));
    return rows.map(({ conversationId }) => conversationId);
  }

  /** Which of these texts have the words, by their place: what is not archived is searched by the same rule. */
  async findMatchingTexts(tenantId: string, texts: readonly string[], words: string): Promise<number[]> {
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.query<{ place: number }[]>(MATCHING_TEXTS, [texts, words]));
    return rows.map(({ place }) => place);
  }

  async countByAgent(tenantId: string, hotIds: readonly string[]): Promise<AgentCounts[]> {
    const numbers = { conversations: 'count(*)', active: "count(*) FILTER (WHERE c.status = 'active')", messages: 'coalesce(sum(c.messageCount), 0)', tokens: 'coalesce(sum(c.tokenCount), 0)' };
    const rows = await this.transactions.within(tenantId, undefined, (manager) => {
      const query = matching(manager, tenantId, {}, hotIds).select('c.agentId', 'agentId').groupBy('c.agentId');
      for (const [name, sql] of Object.entries(numbers)) query.addSelect(sql, name);
      return query.getRawMany<Record<keyof AgentCounts, string>>();
    });
    return rows.map(({ agentId, ...counts }) => ({ agentId, conversations: Number(counts.conversations), active: Number(counts.active), messages: Number(counts.messages), tokens: Number(counts.tokens) }));
  }
}

function matching(manager: EntityManager, tenantId: string, filter: ConversationFilter, hotIds: readonly string[]): SelectQueryBuilder<ConversationEntity> {
  const query = manager.createQueryBuilder(ConversationEntity, 'c').where('c.tenantId = :tenantId', { tenantId }).andWhere("c.status <> 'deleted'");
  if (hotIds.length > 0) query.andWhere('c.conversationId <> ALL(CAST(:hotIds AS uuid[]))', { hotIds });
  for (const [field, condition] of Object.entries(CONDITIONS)) {
    const value = filter[field as keyof typeof CONDITIONS];
    if (value !== undefined) query.andWhere(condition, { [field]: value });
  }
  return query;
}
