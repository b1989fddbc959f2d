import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, Repository } from 'typeorm';
import { type Tx, managerOf } from '../../../shared/database/index.js';
import type { Conversation, Message } from '../conversation.js';
import type { ConversationRef } from '../hot/hot-conversation.store.js';
import { ConversationEntity } from './conversation.entity.js';
import { MessageEntity } from './message.entity.js';

/** Insert or refresh; the row stays locked until the end of the transaction, which is what lets one mover in at a time. */
const UPSERT_CONVERSATION = `
  INSERT INTO conversations AS c (tenant_id, conversation_id, agent_id, session_id, user_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at, closed_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14)
  ON CONFLICT ON CONSTRAINT conversations_pk DO UPDATE SET
    (status, message_count, token_count, revision, metadata, last_message_at, closed_at) = (
      SELECT n.status, n.message_count, n.token_count, n.revision, n.metadata, n.last_message_at, n.closed_at
      FROM (VALUES
        (excluded.status, excluded.message_count, excluded.token_count, excluded.revision, excluded.metadata, excluded.last_message_at, excluded.closed_at),
        (c.status, c.message_count, c.token_count, c.revision, c.metadata, c.last_message_at, c.closed_at)
      ) AS n (status, message_count, token_count, revision, metadata, last_message_at, closed_at)
      ORDER BY n.revision DESC LIMIT 1)
  RETURNING archived_seq AS "archivedSeq"`;

/** A closed conversation of which PostgreSQL has every message is transferred, whichever move brought the last one. */
const MARK_ARCHIVED = `
  UPDATE conversations SET archived_seq = greatest(archived_seq, $3),
    status = CASE WHEN status = 'completed' AND greatest(archived_seq, $3) >= message_count THEN 'transferred' ELSE status END
  WHERE tenant_id = $1 AND conversation_id = $2`;

const INSERT_MESSAGES = `
  INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, agent_id, execution_id, metadata, created_at)
  SELECT $1, $2, * FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::uuid[], $9::uuid[], $10::jsonb[], $11::timestamptz[])`;

/** The tables `conversations` and `messages`. */
@Injectable()
export class ArchiveRepository {
  constructor(
    @InjectRepository(ConversationEntity) private readonly conversations: Repository<ConversationEntity>,
    @InjectRepository(MessageEntity) private readonly messages: Repository<MessageEntity>,
  ) {}

  /** Writes the conversation's row and locks it. @returns the newest archived seq before this transaction, 0 for a new row */
  async upsert(tenantId: string, conversation: Conversation, tx: Tx): Promise<number> {
    const { conversationId, agentId, sessionId, userId, status, model, messageCount, tokenCount, revision, metadata, createdAt, lastMessageAt, closedAt } = conversation;
    const values = [tenantId, conversationId, agentId, sessionId, userId, status, model, messageCount, tokenCount, revision, JSON.stringify(metadata), createdAt, lastMessageAt, closedAt];
    const rows = await this.manager(tx).query<{ archivedSeq: number }[]>(UPSERT_CONVERSATION, values);
    return rows[0]?.archivedSeq ?? 0;
  }

  async insertMessages({ tenantId, conversationId }: ConversationRef, messages: readonly Message[], tx: Tx): Promise<void> {
    const column = <K extends keyof Message>(name: K): Message[K][] => messages.map((message) => message[name]);
    const metadata = messages.map((message) => (message.metadata === null ? null : JSON.stringify(message.metadata)));
    await this.manager(tx).query(INSERT_MESSAGES, [
      ...[tenantId, conversationId, column('seq'), column('messageId'), column('role'), column('content'), column('tokens')],
      ...[column('agentId'), column('executionId'), metadata, column('createdAt')],
    ]);
  }

  /** PostgreSQL has every message up to this one. */
  async markArchived({ tenantId, conversationId }: ConversationRef, archivedSeq: number, tx: Tx): Promise<void> {
    await this.manager(tx).query(MARK_ARCHIVED, [tenantId, conversationId, archivedSeq]);
  }

  /** A transferred conversation has gone on: PostgreSQL will not have all of it for a while. */
  async goOn({ tenantId, conversationId }: ConversationRef, status: 'active' | 'completed'): Promise<void> {
    await this.conversations.update({ tenantId, conversationId }, { status, ...(status === 'active' && { closedAt: null }) });
  }

  async find({ tenantId, conversationId }: ConversationRef): Promise<Conversation | null> {
    const row = await this.conversations.findOneBy({ tenantId, conversationId });
    return row && { ...row, tokenCount: Number(row.tokenCount), revision: Number(row.revision) };
  }

  /** Messages with `from` ≤ seq ≤ `to`, oldest first. */
  async findMessages({ tenantId, conversationId }: ConversationRef, from: number, to: number, tx?: Tx): Promise<Message[]> {
    return this.manager(tx).find(MessageEntity, { where: { tenantId, conversationId, seq: Between(from, to) }, order: { seq: 'ASC' } });
  }

  async findMessage({ tenantId, conversationId }: ConversationRef, messageId: string): Promise<Message | null> {
    return this.messages.findOneBy({ tenantId, conversationId, messageId });
  }

  /** messageId → seq of every archived message. */
  async findMessageIds({ tenantId, conversationId }: ConversationRef): Promise<Record<string, number>> {
    const rows = await this.messages.find({ where: { tenantId, conversationId }, select: { messageId: true, seq: true } });
    return Object.fromEntries(rows.map(({ messageId, seq }) => [messageId, seq]));
  }

  private manager(tx: Tx | undefined): Repository<MessageEntity>['manager'] {
    return managerOf(tx, this.messages.manager);
  }
}
