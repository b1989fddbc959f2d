import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import { ConversationAssignmentEntity } from '../annotations/conversation-assignment.entity.js';
import { ConversationLabelEntity } from '../annotations/conversation-label.entity.js';
import type { Conversation, ConversationFilter } from '../conversation.js';
import type { ListCursor } from '../list-cursor.js';
import { plain } from './archive.repository.js';
import { ConversationTotalsRepository } from './conversation-totals.repository.js';
import { ConversationEntity } from './conversation.entity.js';

/** What of a list PostgreSQL has. */
export interface ColdPage {
  /** Newest first. */
  readonly data: readonly Conversation[];
  /** How many match in all; null where they are too many to be counted while somebody waits, which only a search has. */
  readonly total: number | null;
}

/** Which part of a list. */
export interface PagePlace {
  readonly limit: number;
  readonly cursor: ListCursor | undefined;
}

const isAnnotated = (table: string, column: string): string => `EXISTS (SELECT 1 FROM ${table} a WHERE a.tenant_id = c.tenant_id AND a.conversation_id = c.conversation_id AND a.${column} = :${column})`;

/** Conditions in SQL, by the field of the filter that they are for. The same in `search_conversations`, for searches. */
const CONDITIONS: Readonly<Record<Exclude<keyof ConversationFilter, 'storage' | 'q'>, string>> = {
  agentId: 'c.agentId = :agentId',
  sessionId: 'c.sessionId = :sessionId',
  userId: 'c.userId = :userId',
  status: 'c.status = :status',
  from: 'c.createdAt >= :from',
  to: 'c.createdAt < :to',
  label: isAnnotated('conversation_labels', 'label'),
  assignee: isAnnotated('conversation_assignments', 'assignee'),
};

/** What the totals are not kept by. */
const UNCOUNTED = ['sessionId', 'userId', 'label', 'assignee'] as const;
/** What a table of annotations knows nothing of. */
const UNANNOTATED = ['agentId', 'sessionId', 'userId', 'status'] as const;

/** The tables that a filter by what operators say is of. They have the order of the lists, too. */
const ANNOTATED = { label: ConversationLabelEntity, assignee: ConversationAssignmentEntity } as const;
const annotationOf = (filter: ConversationFilter): keyof typeof ANNOTATED | undefined => (['assignee', 'label'] as const).find((field) => filter[field] !== undefined);

const ASCII = /^[!-~]+$/;

const SEARCH = 'SELECT found_id AS "foundId", total::integer FROM search_conversations($1, $2, $3)';

const MATCHING_AMONG = `
  SELECT DISTINCT conversation_id AS "conversationId" FROM messages
  WHERE tenant_id = $1 AND conversation_id = ANY($2::uuid[]) AND search_vector(content) @@ search_query($3)
    AND (conversation_id, seq) NOT IN (SELECT * FROM unnest($4::uuid[], $5::integer[]))`;

/** Words without which no text matches; none where the query has alternatives or exclusions. */
const NEEDED_WORDS = "SELECT CASE WHEN search_query($1)::text ~ '[|!]' THEN '{}' ELSE tsvector_to_array(search_vector($1)) END AS needed";
const MATCHING_TEXTS = 'SELECT i::integer - 1 AS place FROM unnest($1::text[]) WITH ORDINALITY AS t (content, i) WHERE search_vector(content) @@ search_query($2)';

/** Lists and searches over what PostgreSQL has. Whoever is in Redis is left out by its id: what its row says is not the newest. */
@Injectable()
export class ConversationSearchRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly totals: ConversationTotalsRepository,
  ) {}

  /** What a list or a search has. @param hotIds to be left out */
  async findCounted(tenantId: string, filter: ConversationFilter, page: PagePlace, hotIds: readonly string[]): Promise<ColdPage> {
    if (filter.q !== undefined) return this.searchPage(tenantId, { ...filter, q: filter.q }, page, hotIds);
    const [data, total] = await Promise.all([this.findPage(tenantId, filter, page, hotIds), this.count(tenantId, filter, hotIds)]);
    return { data, total };
  }

  /** Newest first, whatever their words. @param hotIds to be left out */
  async findPage(tenantId: string, filter: ConversationFilter, { limit, cursor }: PagePlace, hotIds: readonly string[]): Promise<Conversation[]> {
    const rows = await this.transactions.within(tenantId, undefined, (manager) => {
      const query = matching(manager, tenantId, filter, hotIds);
      const annotation = annotationOf(filter);
      const [begun, id] = annotation === undefined ? ['c.createdAt', 'c.conversationId'] : ['a.begunAt', 'a.conversationId'];
      if (annotation !== undefined) query.innerJoin(ANNOTATED[annotation], 'a', `a.tenantId = c.tenantId AND a.conversationId = c.conversationId AND a.${annotation} = :annotation`, { annotation: filter[annotation] });
      if (cursor) query.andWhere(`(${begun}, ${id}) < (:at, :id)`, { at: cursor.createdAt, id: cursor.conversationId });
      return query.orderBy({ [begun]: 'DESC', [id]: 'DESC' }).limit(limit).getMany();
    });
    return rows.map(plain);
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
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const [row] = await manager.query<{ needed: string[] }[]>(NEEDED_WORDS, [words]);
      const places = placesOf(texts, row?.needed ?? []);
      if (places.length === 0) return [];
      const rows = await manager.query<{ place: number }[]>(MATCHING_TEXTS, [places.map((place) => texts[place]), words]);
      return rows.map(({ place }) => places[place] ?? 0);
    });
  }

  /** From the totals, or the annotations alone, where these know all that the filter names; what else it may name leaves few to be counted, as a rule. */
  private async count(tenantId: string, filter: ConversationFilter, hotIds: readonly string[]): Promise<number> {
    const [annotation, both] = [annotationOf(filter), filter.label !== undefined && filter.assignee !== undefined];
    if (!UNCOUNTED.some((field) => filter[field] !== undefined)) return (await this.totals.find(tenantId, filter, hotIds)).reduce((sum, { conversations }) => sum + conversations, 0);
    return this.transactions.within(tenantId, undefined, (manager) =>
      annotation === undefined || both || UNANNOTATED.some((field) => filter[field] !== undefined) ? matching(manager, tenantId, filter, hotIds).getCount() : annotated(manager, tenantId, { ...filter, annotation }, hotIds).getCount());
  }

  private async searchPage(tenantId: string, { q, ...filter }: ConversationFilter & { readonly q: string }, { limit, cursor }: PagePlace, hotIds: readonly string[]): Promise<ColdPage> {
    const asked = { ...filter, beforeAt: cursor?.createdAt, beforeId: cursor?.conversationId, except: hotIds.length > 0 ? `{${hotIds.join(',')}}` : undefined };
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const found = await manager.query<{ foundId: string | null; total: number | null }[]>(SEARCH, [q, JSON.stringify(asked), limit]);
      const ids = found.flatMap(({ foundId }) => foundId ?? []);
      const query = manager.createQueryBuilder(ConversationEntity, 'c').where('c.tenantId = :tenantId AND c.conversationId = ANY(CAST(:ids AS uuid[]))', { tenantId, ids });
      const rows = ids.length === 0 ? [] : await query.orderBy({ 'c.createdAt': 'DESC', 'c.conversationId': 'DESC' }).getMany();
      return { data: rows.map(plain), total: found.length === 0 ? null : (found[0]?.total ?? null) };
    });
  }
}

/** Texts that have the letters of these words. What is plain ASCII is told by the letters alone, and most texts need not be sent anywhere; other words PostgreSQL compares. */
function placesOf(texts: readonly string[], needed: readonly string[]): number[] {
  const plainWords = needed.filter((word) => ASCII.test(word));
  // PostgreSQL makes an i of İ, JavaScript an i with a dot of its own.
  const hasAll = (text: string): boolean => ((lower) => plainWords.every((word) => lower.includes(word)))(text.toLowerCase().replaceAll('\u0307', ''));
  return texts.flatMap((text, place) => (plainWords.length === 0 || hasAll(text) ? [place] : []));
}

/** Rows of annotations: of deleted conversations there are none. */
function annotated(manager: EntityManager, tenantId: string, filter: ConversationFilter & { readonly annotation: keyof typeof ANNOTATED }, hotIds: readonly string[]): SelectQueryBuilder<ConversationLabelEntity | ConversationAssignmentEntity> {
  const { annotation, from, to } = filter;
  const query = manager.createQueryBuilder<ConversationLabelEntity | ConversationAssignmentEntity>(ANNOTATED[annotation], 'a').where(`a.tenantId = :tenantId AND a.${annotation} = :annotation`, { tenantId, annotation: filter[annotation] });
  if (hotIds.length > 0) query.andWhere('a.conversationId <> ALL(CAST(:hotIds AS uuid[]))', { hotIds });
  if (from) query.andWhere('a.begunAt >= :from', { from });
  if (to) query.andWhere('a.begunAt < :to', { to });
  return query;
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
