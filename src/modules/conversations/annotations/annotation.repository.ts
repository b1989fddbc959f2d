import { Injectable } from '@nestjs/common';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import type { ConversationFilter, ConversationRef } from '../conversation.js';
import { type Annotations, MAX_LABELS } from './annotation.js';
import { ConversationAssignmentEntity } from './conversation-assignment.entity.js';
import { ConversationLabelEntity } from './conversation-label.entity.js';
import { ConversationNoteEntity } from './conversation-note.entity.js';

/** Who says something of a conversation, and when that one began. */
export interface Annotating {
  readonly author: string;
  readonly begunAt: Date;
}

const ADD_LABELS = `
  INSERT INTO conversation_labels (tenant_id, conversation_id, label, begun_at, author)
  SELECT $1, $2, label, $4, $5 FROM unnest($3::text[]) AS label
  ON CONFLICT DO NOTHING`;

const REMOVE_OTHER_LABELS = 'DELETE FROM conversation_labels WHERE tenant_id = $1 AND conversation_id = $2 AND label <> ALL ($3::text[])';

/**
 * One after the other for each conversation: two that add labels see each other's, and nothing is said of a conversation that is deleted in the same moment,
 * of which nothing would ever take it away.
 */
const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('annotations:' || $1 || ':' || id, 0)) FROM (SELECT id FROM unnest($2::uuid[]) AS id ORDER BY id) AS ordered";
const IS_DELETED = "SELECT 1 FROM conversations WHERE tenant_id = $1 AND conversation_id = $2 AND status = 'deleted'";

const ASSIGN = `
  INSERT INTO conversation_assignments (tenant_id, conversation_id, assignee, begun_at, author) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT ON CONSTRAINT conversation_assignments_pk DO UPDATE SET (assignee, author, created_at) = (excluded.assignee, excluded.author, now())`;

const OF = `
  SELECT c.id AS "conversationId", a.assignee,
    coalesce((SELECT array_agg(label ORDER BY label) FROM conversation_labels l WHERE l.tenant_id = $1 AND l.conversation_id = c.id), '{}') AS labels
  FROM unnest($2::uuid[]) AS c (id) LEFT JOIN conversation_assignments a ON a.tenant_id = $1 AND a.conversation_id = c.id`;

const AMONG = `
  SELECT c.id FROM unnest($2::uuid[]) AS c (id)
  WHERE ($3::text IS NULL OR EXISTS (SELECT 1 FROM conversation_labels l WHERE l.tenant_id = $1 AND l.conversation_id = c.id AND l.label = $3))
    AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM conversation_assignments a WHERE a.tenant_id = $1 AND a.conversation_id = c.id AND a.assignee = $4))`;

/** The tables `conversation_labels` and `conversation_assignments`; it erases notes, too. */
@Injectable()
export class AnnotationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** What each of these conversations has. */
  async of(tenantId: string, conversationIds: readonly string[]): Promise<Map<string, Annotations>> {
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.query<(Annotations & { conversationId: string })[]>(OF, [tenantId, conversationIds]));
    return new Map(rows.map(({ conversationId, labels, assignee }) => [conversationId, { labels, assignee }]));
  }

  /** Those of these conversations that have the filter's label and assignee, where it names one. */
  async among(tenantId: string, conversationIds: readonly string[], { label, assignee }: ConversationFilter): Promise<Set<string>> {
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.query<{ id: string }[]>(AMONG, [tenantId, conversationIds, label ?? null, assignee ?? null]));
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Says something of a conversation that has not been deleted.
   *
   * @returns what `work` returns; `deleted` when it was deleted meanwhile, and nothing is said
   */
  async annotate<T>({ tenantId, conversationId }: ConversationRef, work: (tx: Tx) => Promise<T>): Promise<T | 'deleted'> {
    return this.transactions.run(tenantId, async (tx) => {
      const isDeleted = await this.transactions.within(tenantId, tx, async (manager) => {
        await manager.query(LOCK, [tenantId, [conversationId]]);
        return (await manager.query<unknown[]>(IS_DELETED, [tenantId, conversationId])).length > 0;
      });
      return isDeleted ? 'deleted' : work(tx);
    });
  }

  /** Adds labels; what is there stays. @param isAll all others are taken away @returns false when there would be more than {@link MAX_LABELS}: nothing changes */
  async label({ tenantId, conversationId }: ConversationRef, { labels, isAll }: { readonly labels: readonly string[]; readonly isAll: boolean }, { author, begunAt }: Annotating, tx: Tx): Promise<boolean> {
    return this.transactions.within(tenantId, tx, async (manager) => {
      const known = isAll ? [] : await manager.find(ConversationLabelEntity, { where: { tenantId, conversationId }, select: { label: true } });
      if (new Set([...known.map(({ label }) => label), ...labels]).size > MAX_LABELS) return false;
      if (isAll) await manager.query(REMOVE_OTHER_LABELS, [tenantId, conversationId, labels]);
      await manager.query(ADD_LABELS, [tenantId, conversationId, labels, begunAt, author]);
      return true;
    });
  }

  async removeLabel({ tenantId, conversationId }: ConversationRef, label: string, tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, (manager) => manager.delete(ConversationLabelEntity, { tenantId, conversationId, label }));
  }

  /** @param assignee null for nobody */
  async assign({ tenantId, conversationId }: ConversationRef, assignee: string | null, { author, begunAt }: Annotating, tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, async (manager) => {
      if (assignee === null) await manager.delete(ConversationAssignmentEntity, { tenantId, conversationId });
      else await manager.query(ASSIGN, [tenantId, conversationId, assignee, begunAt, author]);
    });
  }

  /** Nothing of it is left of these conversations, notes included. */
  async erase(tenantId: string, conversationIds: readonly string[], tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, async (manager) => {
      await manager.query(LOCK, [tenantId, conversationIds]);
      for (const entity of [ConversationLabelEntity, ConversationAssignmentEntity, ConversationNoteEntity]) {
        await manager.createQueryBuilder().delete().from(entity).where('tenant_id = :tenantId AND conversation_id = ANY(:conversationIds)', { tenantId, conversationIds }).execute();
      }
    });
  }
}
