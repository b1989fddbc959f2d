import { Injectable } from '@nestjs/common';
import { And, Between, type EntityManager, In, LessThanOrEqual, Not } from 'typeorm';
import type { MessageRole } from '../../../contracts/index.js';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import type { Conversation, ConversationRef, Message } from '../conversation.js';
import type { HotRange } from '../hot/hot-conversation.store.js';
import { ConversationEntity } from './conversation.entity.js';
import { MessageEntity } from './message.entity.js';

/** What a later header says otherwise than an earlier one. */
const CHANGING = ['session_id', 'user_id', 'status', 'message_count', 'token_count', 'revision', 'metadata', 'summary', 'customer_satisfaction', 'last_message_at', 'closed_at', 'withdrawn_seqs'];
/** As they come in: an array of arrays would have to be of one length. */
const GIVEN = CHANGING.map((column) => (column === 'withdrawn_seqs' ? `${column}::integer[]` : column));
const changing = (of: string): string => CHANGING.map((column) => `${of}.${column}`).join(', ');
/** Whether a closed conversation is whole here is known here. */
const NEWER_STATUS = `
  CASE WHEN (c.revision, c.message_count) = (excluded.revision, excluded.message_count) AND excluded.status IN ('completed', 'transferred') THEN c.status ELSE n.status END`;

/**
 * Insert or refresh, whichever header is newer. The rows stay locked until the end of the transaction, which is what lets one mover in at a time.
 * Everybody locks them in the same order. A deleted conversation stays deleted, and no row is returned.
 */
const UPSERT_CONVERSATIONS = `
  INSERT INTO conversations AS c (tenant_id, conversation_id, agent_id, model, created_at, archived_seq, ${CHANGING.join(', ')})
  SELECT $1, conversation_id, agent_id, model, created_at, 0, ${GIVEN.join(', ')}
  FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::bigint[], $11::bigint[], $12::jsonb[], $13::text[], $14::smallint[], $15::timestamptz[], $16::timestamptz[], $17::text[])
    AS header (conversation_id, agent_id, model, created_at, ${CHANGING.join(', ')})
  ORDER BY conversation_id
  ON CONFLICT ON CONSTRAINT conversations_pk DO UPDATE SET
    (${CHANGING.join(', ')}) = (
      SELECT ${changing('n').replace('n.status', NEWER_STATUS)} FROM (VALUES (${changing('excluded')}, 1), (${changing('c')}, 2)) AS n (${CHANGING.join(', ')}, place)
      ORDER BY n.revision DESC, n.message_count DESC, n.place LIMIT 1)
  WHERE c.status <> 'deleted'
  RETURNING conversation_id AS "conversationId", archived_seq AS "archivedSeq"`;

/** What a row without content has in the columns that had some. */
export const ERASED = "(user_id, status, message_count, token_count, archived_seq, metadata, summary, customer_satisfaction, withdrawn_seqs) = (NULL, 'deleted', 0, 0, 0, '{}', NULL, NULL, '{}')";

/** What is left of a deleted conversation: that there was one, so that nothing late begins it again. */
const ERASE_CONVERSATION = `
  INSERT INTO conversations AS c (tenant_id, conversation_id, agent_id, session_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at)
  VALUES ($1, $2, $3, $4, 'deleted', $5, 0, 0, 0, $6, '{}', $7, $8)
  ON CONFLICT ON CONSTRAINT conversations_pk DO UPDATE SET ${ERASED}, session_id = excluded.session_id`;

/** Of the messages given those that are not here. */
const STORE = `
  WITH conversation AS (${UPSERT_CONVERSATIONS}), added AS (
    INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, agent_id, execution_id, metadata, created_at)
    SELECT $1, message.*
    FROM unnest($18::uuid[], $19::integer[], $20::text[], $21::text[], $22::text[], $23::integer[], $24::uuid[], $25::uuid[], $26::jsonb[], $27::timestamptz[]) AS message (conversation_id, seq)
    JOIN conversation ON conversation."conversationId" = message.conversation_id AND conversation."archivedSeq" < message.seq)
  SELECT * FROM conversation`;

/**
 * What is here of ranges of messages. The bytes of the checksum are those of `message-checksum.ts`: one JSON array a line; PostgreSQL writes a
 * text as JSON as JavaScript does.
 */
const CHECKSUMS = `
  SELECT range.conversation_id AS "conversationId", stored.*
  FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS range (conversation_id, first_seq, last_seq) CROSS JOIN LATERAL (
    SELECT count(*)::integer AS "messageCount",
      encode(sha256(convert_to(coalesce(string_agg(format(E'[%s,%s,%s,%s]\\n', seq, to_json(message_id), to_json(role), to_json(content)), '' ORDER BY seq), ''), 'UTF8')), 'hex') AS checksum
    FROM messages WHERE tenant_id = $1 AND conversation_id = range.conversation_id AND seq BETWEEN range.first_seq AND range.last_seq) AS stored`;

const MARK_AND_READ_BACK = `
  WITH marked AS (
    UPDATE conversations AS c SET archived_seq = range.last_seq
    FROM unnest($2::uuid[], $3::integer[], $4::integer[]) AS range (conversation_id, first_seq, last_seq)
    WHERE c.tenant_id = $1 AND c.conversation_id = range.conversation_id AND c.archived_seq < range.last_seq)
  ${CHECKSUMS}`;

/** Whoever reads PostgreSQL alone takes a transferred conversation for whole: so not before Redis has it transferred, and not if it goes on. Returns those that do. */
const MARK_TRANSFERRED = `
  WITH moved AS (
    SELECT c.tenant_id, c.conversation_id, c.revision
    FROM conversations AS c JOIN unnest($2::uuid[], $3::bigint[]) AS known (conversation_id, revision) USING (conversation_id, revision)
    WHERE c.tenant_id = $1 AND c.status = 'completed' AND c.archived_seq >= c.message_count
    ORDER BY c.conversation_id FOR NO KEY UPDATE OF c),
  marked AS (
    UPDATE conversations AS c SET status = 'transferred'
    FROM moved WHERE c.tenant_id = moved.tenant_id AND c.conversation_id = moved.conversation_id)
  SELECT conversation_id AS "conversationId" FROM conversations AS c JOIN unnest($2::uuid[], $3::bigint[]) AS known (conversation_id, revision) USING (conversation_id)
  WHERE c.tenant_id = $1 AND c.status = 'completed' AND c.revision > known.revision`;

/** Archived it can be by the retention, which did not see it come back. One more than Redis has: a mark of before finds another revision, and the next move, which knows of the message, one that is not newer. */
const GO_ON = `
  UPDATE conversations SET status = 'completed', revision = $3 + 1, archived_at = NULL
  WHERE tenant_id = $1 AND conversation_id = $2 AND status IN ('completed', 'transferred', 'archived') AND revision <= $3`;

/** Messages of a conversation with `fromSeq` ≤ seq ≤ `toSeq`. */
export interface SeqRange {
  readonly conversationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** What PostgreSQL has of a range. */
export interface RangeChecksum {
  readonly conversationId: string;
  readonly messageCount: number;
  /** As `message-checksum.ts` computes it. */
  readonly checksum: string;
}

/** Which messages of a conversation, and from which end. */
export interface MessagePageQuery {
  readonly after: number;
  readonly before: number;
  readonly role: MessageRole | undefined;
  readonly limit: number;
  /** Oldest first. */
  readonly isForward: boolean;
}

/** The tables `conversations` and `messages`. */
@Injectable()
export class ArchiveRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Writes the rows of some conversations, each one once, locks them, and adds those of their messages that are not here.
   *
   * @returns for each conversation that was not deleted the newest archived seq before this transaction, 0 for a new row
   */
  async store(tenantId: string, ranges: readonly HotRange[], tx: Tx): Promise<Map<string, number>> {
    const values = [tenantId, ...headerColumns(ranges.map(({ conversation }) => conversation)), ...messageColumns(ranges)];
    const rows = await this.of(tenantId, (manager) => manager.query<{ conversationId: string; archivedSeq: number }[]>(STORE, values), tx);
    return new Map(rows.map(({ conversationId, archivedSeq }) => [conversationId, archivedSeq]));
  }

  /** Takes everything that was said, and by whom, out of PostgreSQL. */
  async erase(tenantId: string, conversation: Conversation, tx: Tx): Promise<void> {
    const { conversationId, agentId, model, revision, createdAt, lastMessageAt } = conversation;
    await this.of(tenantId, async (manager) => {
      await manager.query(ERASE_CONVERSATION, [tenantId, conversationId, agentId, '', model, revision, createdAt, lastMessageAt]);
      await manager.delete(MessageEntity, { tenantId, conversationId });
    }, tx);
  }

  /** PostgreSQL has every message up to the end of each range, one of a conversation. @returns what it has of them, read back, by conversation */
  async markArchived(tenantId: string, ranges: readonly SeqRange[], tx: Tx): Promise<Map<string, RangeChecksum>> {
    const rows = await this.of(tenantId, (manager) => manager.query<RangeChecksum[]>(MARK_AND_READ_BACK, [tenantId, ...rangeColumns(ranges)]), tx);
    return new Map(rows.map((row) => [row.conversationId, row]));
  }

  /** Of what is here; no message comes out of PostgreSQL. */
  async checksum(tenantId: string, range: SeqRange): Promise<string> {
    const [row] = await this.of(tenantId, (manager) => manager.query<RangeChecksum[]>(CHECKSUMS, [tenantId, ...rangeColumns([range])]));
    return row?.checksum ?? '';
  }

  /** Those of these completed conversations are whole in PostgreSQL whose revision is still the newest that is known. @returns ids of those that {@link goOn} was told of */
  async markTransferred(tenantId: string, conversations: readonly Pick<Conversation, 'conversationId' | 'revision'>[]): Promise<Set<string>> {
    const rows = await this.of(tenantId, (manager) => manager.query<Pick<Conversation, 'conversationId'>[]>(MARK_TRANSFERRED, [tenantId, conversations.map(({ conversationId }) => conversationId), conversations.map(({ revision }) => revision)]));
    return new Set(rows.map(({ conversationId }) => conversationId));
  }

  /**
   * A transferred conversation goes on: PostgreSQL will not have all of it for a while.
   *
   * @param revision that it has in Redis; once something newer is here, there is nothing to be told
   */
  async goOn({ tenantId, conversationId }: ConversationRef, revision: number): Promise<void> {
    await this.of(tenantId, (manager) => manager.query(GO_ON, [tenantId, conversationId, revision]));
  }

  /** A deleted one, too. */
  async find({ tenantId, conversationId }: ConversationRef): Promise<Conversation | null> {
    const row = await this.of(tenantId, (manager) => manager.findOneBy(ConversationEntity, { tenantId, conversationId }));
    return row && plain(row);
  }

  /** Messages with `from` ≤ seq ≤ `to`, oldest first. */
  async findMessages({ tenantId, conversationId }: ConversationRef, from: number, to: number): Promise<Message[]> {
    const rows = await this.of(tenantId, (manager) => manager.find(MessageEntity, { where: { tenantId, conversationId, seq: Between(from, to) }, order: { seq: 'ASC' } }));
    return rows.map(toMessage);
  }

  async findMessage({ tenantId, conversationId }: ConversationRef, messageId: string): Promise<Message | null> {
    const row = await this.of(tenantId, (manager) => manager.findOneBy(MessageEntity, { tenantId, conversationId, messageId }));
    return row && toMessage(row);
  }

  /** messageId and seq of every archived message. */
  async findMessageIds({ tenantId, conversationId }: ConversationRef): Promise<[messageId: string, seq: number][]> {
    const rows = await this.of(tenantId, (manager) => manager.find(MessageEntity, { where: { tenantId, conversationId }, select: { messageId: true, seq: true } }));
    return rows.map(({ messageId, seq }) => [messageId, seq]);
  }

  /** Where the newest system messages are, oldest first. */
  async findSystemSeqs({ tenantId, conversationId }: ConversationRef, count: number): Promise<number[]> {
    const rows = await this.of(tenantId, (manager) => manager.find(MessageEntity, { where: { tenantId, conversationId, role: 'system' }, select: { seq: true }, order: { seq: 'DESC' }, take: count }));
    return rows.map(({ seq }) => seq).reverse();
  }

  /** Messages with these seqs, oldest first. */
  async findMessagesAt({ tenantId, conversationId }: ConversationRef, seqs: readonly number[]): Promise<Message[]> {
    const rows = await this.of(tenantId, (manager) => manager.find(MessageEntity, { where: { tenantId, conversationId, seq: In([...seqs]) }, order: { seq: 'ASC' } }));
    return rows.map(toMessage);
  }

  /** A page of messages of one role, or of any, between two seqs that are not included. */
  async findMessagePage({ tenantId, conversationId }: ConversationRef, { after, before, role, limit, isForward }: MessagePageQuery): Promise<Message[]> {
    // No integer of PostgreSQL is beyond the largest seq.
    if (after + 1 >= before) return [];
    const where = { tenantId, conversationId, seq: Between(after + 1, before - 1), ...(role !== undefined && { role }) };
    return (await this.of(tenantId, (manager) => manager.find(MessageEntity, { where, order: { seq: isForward ? 'ASC' : 'DESC' }, take: limit }))).map(toMessage);
  }

  /** Messages of a role with seq ≤ `to`. @param without seqs that do not count */
  async countMessages({ tenantId, conversationId }: ConversationRef, role: MessageRole, to: number, without: readonly number[]): Promise<number> {
    return this.of(tenantId, (manager) => manager.countBy(MessageEntity, { tenantId, conversationId, role, seq: And(LessThanOrEqual(to), Not(In([...without]))) }));
  }

  private async of<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>, tx?: Tx): Promise<T> {
    return this.transactions.within(tenantId, tx, work);
  }
}

function headerColumns(conversations: readonly Conversation[]): unknown[][] {
  const column = <K extends keyof Conversation>(name: K): Conversation[K][] => conversations.map((conversation) => conversation[name]);
  return [
    ...[column('conversationId'), column('agentId'), column('model'), column('createdAt')],
    ...[column('sessionId'), column('userId'), column('status'), column('messageCount'), column('tokenCount'), column('revision')],
    ...[column('metadata').map((metadata) => JSON.stringify(metadata)), column('summary'), column('customerSatisfaction'), column('lastMessageAt'), column('closedAt')],
    column('withdrawnSeqs').map((seqs) => `{${seqs.join(',')}}`),
  ];
}

function messageColumns(ranges: readonly HotRange[]): unknown[][] {
  const messages = ranges.flatMap((range) => range.messages);
  const column = <K extends keyof Message>(name: K): Message[K][] => messages.map((message) => message[name]);
  const conversationIds = ranges.flatMap(({ conversation, messages: of }) => of.map(() => conversation.conversationId));
  const metadata = messages.map((message) => (message.metadata === null ? null : JSON.stringify(message.metadata)));
  return [conversationIds, column('seq'), column('messageId'), column('role'), column('content'), column('tokens'), column('agentId'), column('executionId'), metadata, column('createdAt')];
}

function rangeColumns(ranges: readonly SeqRange[]): unknown[][] {
  return [ranges.map(({ conversationId }) => conversationId), ranges.map(({ fromSeq }) => fromSeq), ranges.map(({ toSeq }) => toSeq)];
}

/** bigint comes as text. */
export function plain({ archivedAt: _, ...row }: ConversationEntity): Conversation {
  return { ...row, tokenCount: Number(row.tokenCount), revision: Number(row.revision) };
}

/** A cache keeps plain objects alone. */
function toMessage({ messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt }: MessageEntity): Message {
  return { messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt };
}
