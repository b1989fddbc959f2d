import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import type { ConversationRef } from '../conversation.js';
import type { Note, NotePage } from './annotation.js';
import { ConversationNoteEntity } from './conversation-note.entity.js';

/** The table `conversation_notes`. */
@Injectable()
export class NoteRepository {
  constructor(private readonly transactions: Transactions) {}

  /** One that is there stays as it is. */
  async insertOnce({ tenantId, conversationId }: ConversationRef, note: Note, tx: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, (manager) => manager.createQueryBuilder().insert().into(ConversationNoteEntity).values({ tenantId, conversationId, ...note }).orIgnore().execute());
  }

  async find({ tenantId, conversationId }: ConversationRef, noteId: string): Promise<Note | null> {
    const row = await this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(ConversationNoteEntity, { tenantId, conversationId, noteId }));
    return row && plain(row);
  }

  /** @param page `cursor`: id of the last note of the page before */
  async findPage({ tenantId, conversationId }: ConversationRef, { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined }): Promise<NotePage> {
    const [rows, total] = await this.transactions.within(tenantId, undefined, async (manager) => {
      const where = { tenantId, conversationId, ...(cursor !== undefined && { noteId: LessThan(cursor) }) };
      const found = await manager.find(ConversationNoteEntity, { where, order: { noteId: 'DESC' }, take: limit + 1 });
      return [found, await manager.countBy(ConversationNoteEntity, { tenantId, conversationId })] as const;
    });
    const data = rows.slice(0, limit).map(plain);
    return { data, nextCursor: rows.length > limit ? (data.at(-1)?.noteId ?? null) : null, total };
  }

  /** @returns whether it was there */
  async remove({ tenantId, conversationId }: ConversationRef, noteId: string, tx: Tx): Promise<boolean> {
    const { affected } = await this.transactions.within(tenantId, tx, (manager) => manager.delete(ConversationNoteEntity, { tenantId, conversationId, noteId }));
    return affected === 1;
  }
}

function plain({ noteId, text, author, createdAt }: ConversationNoteEntity): Note {
  return { noteId, text, author, createdAt };
}
