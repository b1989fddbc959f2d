import { Injectable } from '@nestjs/common';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import { AnnotationRepository } from '../annotations/annotation.repository.js';
import { ERASED } from './archive.repository.js';

/** Up to when conversations of a tenant must have been silent, and archived, for the retention to take them. */
export interface RetentionCutoffs {
  readonly tenantId: string;
  /** Silent since then: it is archived. */
  readonly archiveBefore: Date;
  /** Archived by then, and silent for twice as long: its content is erased. */
  readonly eraseBefore: { readonly archivedAt: Date; readonly lastMessageAt: Date };
}

/** A conversation that the retention takes. */
export interface Retained {
  readonly conversationId: string;
  readonly agentId: string;
  readonly sessionId: string;
}

export interface Candidate {
  readonly conversationId: string;
  readonly messageCount: number;
}

export interface RetentionForecast {
  readonly archivable: number;
  readonly erasable: number;
}

const RETURNING = 'RETURNING conversation_id AS "conversationId", agent_id AS "agentId", session_id AS "sessionId"';
/** Whoever has been silent since then was there before: this is what the index knows. */
const ARCHIVABLE = "c.status = 'transferred' AND c.created_at < $2 AND c.last_message_at < $2";
const ERASABLE = "c.status = 'archived' AND c.created_at < $2 AND c.last_message_at < $2 AND c.archived_at < $3";

const FIND_ARCHIVABLE = `SELECT conversation_id AS "conversationId", message_count AS "messageCount" FROM conversations c WHERE c.tenant_id = $1 AND ${ARCHIVABLE} ORDER BY c.created_at LIMIT $3`;
const FIND_ERASABLE = `SELECT conversation_id AS "conversationId", message_count AS "messageCount" FROM conversations c WHERE c.tenant_id = $1 AND ${ERASABLE} ORDER BY c.created_at LIMIT $4`;
const ARCHIVE = `UPDATE conversations c SET status = 'archived', archived_at = $4 WHERE c.tenant_id = $1 AND ${ARCHIVABLE} AND c.conversation_id = ANY ($3::uuid[]) ${RETURNING}`;
/** It returns the session that they had. */
const ERASE = `
  UPDATE conversations c SET ${ERASED}, session_id = ''
  FROM (SELECT conversation_id, session_id FROM conversations c WHERE c.tenant_id = $1 AND ${ERASABLE} AND c.conversation_id = ANY ($4::uuid[]) FOR NO KEY UPDATE) AS known
  WHERE c.tenant_id = $1 AND c.conversation_id = known.conversation_id
  RETURNING c.conversation_id AS "conversationId", c.agent_id AS "agentId", known.session_id AS "sessionId"`;
const ERASE_MESSAGES = 'DELETE FROM messages WHERE tenant_id = $1 AND conversation_id = ANY ($2::uuid[])';

/** Whoever was archived by a caller has no time yet. */
const STAMP = `
  UPDATE conversations SET archived_at = $2 WHERE tenant_id = $1 AND conversation_id IN (
    SELECT conversation_id FROM conversations WHERE tenant_id = $1 AND status = 'archived' AND archived_at IS NULL LIMIT $3)`;

const FORECAST = `
  SELECT count(*) FILTER (WHERE c.status = 'transferred' AND c.last_message_at < t.archive_before)::integer AS archivable,
    count(*) FILTER (WHERE c.status = 'archived' AND c.last_message_at < t.silent_before AND c.archived_at < t.archived_before)::integer AS erasable
  FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) AS t (tenant_id, archive_before, silent_before, archived_before)
  JOIN conversations c ON c.tenant_id = t.tenant_id AND c.status IN ('transferred', 'archived') AND c.created_at < t.archive_before`;

/** What the retention does in `conversations` and `messages`, many at once. */
@Injectable()
export class RetentionRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly annotations: AnnotationRepository,
  ) {}

  /** Oldest first. */
  async findArchivable({ tenantId, archiveBefore }: RetentionCutoffs, limit: number): Promise<Candidate[]> {
    return this.query(tenantId, FIND_ARCHIVABLE, [tenantId, archiveBefore, limit]);
  }

  /** Oldest first. */
  async findErasable({ tenantId, eraseBefore }: RetentionCutoffs, limit: number): Promise<Candidate[]> {
    return this.query(tenantId, FIND_ERASABLE, [tenantId, eraseBefore.lastMessageAt, eraseBefore.archivedAt, limit]);
  }

  /** @returns those of them that still were to be archived */
  async archive({ tenantId, archiveBefore }: RetentionCutoffs, ids: readonly string[], archivedAt: Date): Promise<Retained[]> {
    return (await this.query<[Retained[], number]>(tenantId, ARCHIVE, [tenantId, archiveBefore, ids, archivedAt]))[0];
  }

  /** Takes out everything that was said in them, and by whom. @returns those of them that still were to be erased */
  async erase({ tenantId, eraseBefore }: RetentionCutoffs, ids: readonly string[], tx: Tx): Promise<Retained[]> {
    const [erased] = await this.query<[Retained[], number]>(tenantId, ERASE, [tenantId, eraseBefore.lastMessageAt, eraseBefore.archivedAt, ids], tx);
    const erasedIds = erased.map(({ conversationId }) => conversationId);
    await this.query(tenantId, ERASE_MESSAGES, [tenantId, erasedIds], tx);
    await this.annotations.erase(tenantId, erasedIds, tx);
    return erased;
  }

  /** The time of those that callers have archived begins now. */
  async stamp(tenantId: string, now: Date, limit: number): Promise<void> {
    await this.query(tenantId, STAMP, [tenantId, now, limit]);
  }

  async forecast(cutoffs: readonly RetentionCutoffs[]): Promise<RetentionForecast> {
    const columns = [cutoffs.map(({ tenantId }) => tenantId), cutoffs.map(({ archiveBefore }) => archiveBefore), cutoffs.map(({ eraseBefore }) => eraseBefore.lastMessageAt), cutoffs.map(({ eraseBefore }) => eraseBefore.archivedAt)];
    const [row] = await this.query<RetentionForecast[]>(SYSTEM_TENANT, FORECAST, columns);
    return row ?? { archivable: 0, erasable: 0 };
  }

  private async query<T>(tenantId: string, sql: string, values: unknown[], tx?: Tx): Promise<T> {
    return this.transactions.within(tenantId, tx, (manager) => manager.query<T>(sql, values));
  }
}
