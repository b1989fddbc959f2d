import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, In, LessThanOrEqual, Repository } from 'typeorm';
import type { MessageRole } from '../../../contracts/index.js';
import { type Tx, managerOf } from '../../../shared/database/index.js';
import type { Conversation, ConversationRef, Message } from '../conversation.js';
import { ConversationEntity } from './conversation.entity.js';
import { MessageEntity } from './message.entity.js';

/** What a later header says otherwise than an earlier one. */
const CHANGING = ['session_id', 'user_id', 'status', 'message_count', 'token_count', 'revision', 'metadata', 'summary', 'customer_satisfaction', 'last_message_at', 'closed_at'];
const changing = (of: string): string => CHANGING.map((column) => `${of}.${column}`).join(', ');

/**
 * Insert or refresh, whichever header is newer; of two that are the same the row stays, which may be marked as transferred; the row stays locked until the end of the transaction, which is what lets one mover in at a time.
 * A deleted conversation stays deleted, and no row is returned.
 */
const UPSERT_CONVERSATION = `
  INSERT INTO conversations AS c (tenant_id, conversation_id, agent_id, model, created_at, archived_seq, ${CHANGING.join(', ')})
  VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
  ON CONFLICT ON CONSTRAINT conversations_pk DO UPDATE SET
    (${CHANGING.join(', ')}) = (
      SELECT ${changing('n')} FROM (VALUES (${changing('excluded')}, 1), (${changing('c')}, 2)) AS n (${CHANGING.join(', ')}, place)
      ORDER BY n.revision DESC, n.message_count DESC, n.place DESC LIMIT 1)
  WHERE c.status <> 'deleted'
  RETURNING archived_seq AS "archivedSeq"`;

/** What a row without content has in the columns that had some. */
export const ERASED = "(user_id, status, message_count, token_count, archived_seq, metadata, summary, customer_satisfaction) = (NULL, 'deleted', 0, 0, 0, '{}', NULL, NULL)";

/** What is left of a deleted conversation: that there was one, so that nothing late begins it again. */
const ERASE_CONVERSATION = `
  INSERT INTO conversations AS c (tenant_id, conversation_id, agent_id, session_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at)
  VALUES ($1, $2, $3, $4, 'deleted', $5, 0, 0, 0, $6, '{}', $7, $8)
  ON CONFLICT ON CONSTRAINT conversations_pk DO UPDATE SET ${ERASED}`;

/** Of the messages given those that are not here. If any before them is missing, none. */
const STORE = `
  WITH conversation AS (${UPSERT_CONVERSATION}), added AS (
    INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, agent_id, execution_id, metadata, created_at)
    SELECT $1, $2, message.*
    FROM conversation, unnest($18::integer[], $19::text[], $20::text[], $21::text[], $22::integer[], $23::uuid[], $24::uuid[], $25::jsonb[], $26::timestamptz[]) AS message (seq)
    WHERE message.seq > conversation."archivedSeq" AND conversation."archivedSeq" >= $17::integer - 1)
  SELECT "archivedSeq" FROM conversation`;

/** The bytes are those of `message-checksum.ts`: one JSON array a line. PostgreSQL writes a text as JSON as JavaScript does. */
const CHECKSUM = `
  SELECT count(*)::integer AS "messageCount",
    encode(sha256(convert_to(coalesce(string_agg(format(E'[%s,%s,%s,%s]\\n', seq, to_json(message_id), to_json(role), to_json(content)), '' ORDER BY seq), ''), 'UTF8')), 'hex') AS checksum
  FROM messages WHERE tenant_id = $1 AND conversation_id = $2 AND seq BETWEEN $3 AND $4`;

const MARK_AND_READ_BACK = `
  WITH marked AS (UPDATE conversations SET archived_seq = greatest(archived_seq, $4::integer) WHERE tenant_id = $1 AND conversation_id = $2)
  ${CHECKSUM}`;

/** Whoever reads PostgreSQL alone takes a transferred conversation for whole: so not before Redis has it transferred, and not if it has gone on since. */
const MARK_TRANSFERRED = `
  UPDATE conversations SET status = 'transferred'
  WHERE tenant_id = $1 AND conversation_id = $2 AND status = 'completed' AND revision = $3 AND archived_seq >= message_count`;

/** Archived it can be by the retention, which did not see it come back. One more than what is here: a mark of before finds another revision, and the next move, which knows of the message, one that is not newer. */
const GO_ON = `
  UPDATE conversations SET status = $4, closed_at = CASE WHEN $4 = 'active' THEN NULL ELSE closed_at END, revision = revision + 1, archived_at = NULL
  WHERE tenant_id = $1 AND conversation_id = $2 AND status IN ('completed', 'transferred', 'archived') AND archived_seq < $3`;

/** What PostgreSQL has of a range of messages. */
export interface RangeChecksum {
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
  constructor(
    @InjectRepository(ConversationEntity) private readonly conversations: Repository<ConversationEntity>,
    @InjectRepository(MessageEntity) private readonly messages: Repository<MessageEntity>,
  ) {}

  /**
   * Writes the conversation's row, locks it, and adds those of the messages that are not here.
   *
   * @param messages dense, oldest first
   * @param from seq of the first one; nothing is added if one before it is missing
   * @returns the newest archived seq before this transaction, 0 for a new row; null if the conversation was deleted
   */
  async store(tenantId: string, { conversation, messages, from }: { readonly conversation: Conversation; readonly messages: readonly Message[]; readonly from: number }, tx: Tx): Promise<number | null> {
    const rows = await this.manager(tx).query<{ archivedSeq: number }[]>(STORE, [tenantId, ...headerValues(conversation), from, ...messageColumns(messages)]);
    return rows[0]?.archivedSeq ?? null;
  }

  /** Takes everything that was said, and by whom, out of PostgreSQL. */
  async erase(tenantId: string, conversation: Conversation, tx: Tx): Promise<void> {
    const { conversationId, agentId, sessionId, model, revision, createdAt, lastMessageAt } = conversation;
    await this.manager(tx).query(ERASE_CONVERSATION, [tenantId, conversationId, agentId, sessionId, model, revision, createdAt, lastMessageAt]);
    await this.manager(tx).delete(MessageEntity, { tenantId, conversationId });
  }

  /** PostgreSQL has every message up to `to`. @returns what it has of the range, read back */
  async markArchived({ tenantId, conversationId }: ConversationRef, [from, to]: readonly [number, number], tx: Tx): Promise<RangeChecksum> {
    return firstOf(await this.manager(tx).query<RangeChecksum[]>(MARK_AND_READ_BACK, [tenantId, conversationId, from, to]));
  }

  /** What is here of the messages with `from` ≤ seq ≤ `to`; no message of them comes out of PostgreSQL. */
  async checksum({ tenantId, conversationId }: ConversationRef, from: number, to: number): Promise<RangeChecksum> {
    return firstOf(await this.messages.query<RangeChecksum[]>(CHECKSUM, [tenantId, conversationId, from, to]));
  }

  /** The completed conversation is whole in PostgreSQL, if this is still the newest that is known of it. */
  async markTransferred({ tenantId, conversationId }: ConversationRef, revision: number): Promise<void> {
    await this.conversations.query(MARK_TRANSFERRED, [tenantId, conversationId, revision]);
  }

  /**
   * A transferred conversation has gone on: PostgreSQL will not have all of it for a while.
   *
   * @param seq of the message; once it is here, what is here is newer than what is to be told
   */
  async goOn({ tenantId, conversationId }: ConversationRef, seq: number, status: 'active' | 'completed'): Promise<void> {
    await this.conversations.query(GO_ON, [tenantId, conversationId, seq, status]);
  }

  /** A deleted one, too. */
  async find({ tenantId, conversationId }: ConversationRef): Promise<Conversation | null> {
    const row = await this.conversations.findOneBy({ tenantId, conversationId });
    return row && plain(row);
  }

  /** Messages with `from` ≤ seq ≤ `to`, oldest first. */
  async findMessages({ tenantId, conversationId }: ConversationRef, from: number, to: number): Promise<Message[]> {
    const rows = await this.messages.find({ where: { tenantId, conversationId, seq: Between(from, to) }, order: { seq: 'ASC' } });
    return rows.map(toMessage);
  }

  async findMessage({ tenantId, conversationId }: ConversationRef, messageId: string): Promise<Message | null> {
    const row = await this.messages.findOneBy({ tenantId, conversationId, messageId });
    return row && toMessage(row);
  }

  /** messageId and seq of every archived message. */
  async findMessageIds({ tenantId, conversationId }: ConversationRef): Promise<[messageId: string, seq: number][]> {
    const rows = await this.messages.find({ where: { tenantId, conversationId }, select: { messageId: true, seq: true } });
    return rows.map(({ messageId, seq }) => [messageId, seq]);
  }

  /** Where the newest system messages are, oldest first. */
  async findSystemSeqs({ tenantId, conversationId }: ConversationRef, count: number): Promise<number[]> {
    const rows = await this.messages.find({ where: { tenantId, conversationId, role: 'system' }, select: { seq: true }, order: { seq: 'DESC' }, take: count });
    return rows.map(({ seq }) => seq).reverse();
  }

  /** Messages with these seqs, oldest first. */
  async findMessagesAt({ tenantId, conversationId }: ConversationRef, seqs: readonly number[]): Promise<Message[]> {
    const rows = await this.messages.find({ where: { tenantId, conversationId, seq: In([...seqs]) }, order: { seq: 'ASC' } });
    return rows.map(toMessage);
  }

  /** A page of messages of one role, or of any, between two seqs that are not included. */
  async findMessagePage({ tenantId, conversationId }: ConversationRef, { after, before, role, limit, isForward }: MessagePageQuery): Promise<Message[]> {
    // No integer of PostgreSQL is beyond the largest seq.
    if (after + 1 >= before) return [];
    const where = { tenantId, conversationId, seq: Between(after + 1, before - 1), ...(role !== undefined && { role }) };
    return (await this.messages.find({ where, order: { seq: isForward ? 'ASC' : 'DESC' }, take: limit })).map(toMessage);
  }

  /** Messages of a role with seq ≤ `to`. */
  async countMessages({ tenantId, conversationId }: ConversationRef, role: MessageRole, to: number): Promise<number> {
    return this.messages.countBy({ tenantId, conversationId, role, seq: LessThanOrEqual(to) });
  }

  private manager(tx: Tx | undefined): Repository<MessageEntity>['manager'] {
    return managerOf(tx, this.messages.manager);
  }
}

/** As the placeholders of the upsert count them, from the second on. */
function headerValues({ metadata, ...of }: Conversation): unknown[] {
  const fixed = [of.conversationId, of.agentId, of.model, of.createdAt];
  const counted = [of.sessionId, of.userId, of.status, of.messageCount, of.tokenCount, of.revision, JSON.stringify(metadata)];
  return [...fixed, ...counted, of.summary, of.customerSatisfaction, of.lastMessageAt, of.closedAt];
}

function messageColumns(messages: readonly Message[]): unknown[][] {
  const column = <K extends keyof Message>(name: K): Message[K][] => messages.map((message) => message[name]);
  const metadata = messages.map((message) => (message.metadata === null ? null : JSON.stringify(message.metadata)));
  return [column('seq'), column('messageId'), column('role'), column('content'), column('tokens'), column('agentId'), column('executionId'), metadata, column('createdAt')];
}

/** An aggregate has one row whatever there is. */
function firstOf([row]: RangeChecksum[]): RangeChecksum {
  return row ?? { messageCount: 0, checksum: '' };
}

/** bigint comes as text. */
export function plain({ archivedAt: _, ...row }: ConversationEntity): Conversation {
  return { ...row, tokenCount: Number(row.tokenCount), revision: Number(row.revision) };
}

/** A cache keeps plain objects alone. */
function toMessage({ messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt }: MessageEntity): Message {
  return { messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt };
}
