import { Injectable } from '@nestjs/common';
import { Transactions, type Tx } from '../../../shared/database/index.js';
import type { Conversation, ConversationRef } from '../conversation.js';
import { HotConversationStore, type HotRange } from '../hot/hot-conversation.store.js';
import { messageChecksum } from '../message-checksum.js';
import { archiveErrors } from './archive.errors.js';
import { ArchiveRepository } from './archive.repository.js';

/** What one move has added to PostgreSQL, read back and compared. */
export interface StoredRange {
  /** After `toSeq` when nothing was added. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly messageCount: number;
  /** See `message-checksum.ts`. */
  readonly checksum: string;
}

/** Conversations at rest. */
@Injectable()
export class ConversationArchive {
  constructor(
    private readonly archive: ArchiveRepository,
    private readonly hot: HotConversationStore,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Stores a range in an open transaction and verifies it: what PostgreSQL then has is read back and its checksum compared with
   * that of the messages given. Messages that an earlier, interrupted move has stored are compared, not written again.
   *
   * @param range its messages are dense and oldest first; without any, only the conversation's row is written
   * @returns null if the conversation was deleted: nothing is stored
   * @throws ARCHIVE_BEHIND, ARCHIVE_MISMATCH (conflict): the caller's transaction must not commit
   */
  async store(ref: ConversationRef, { conversation, messages }: HotRange, tx: Tx): Promise<StoredRange | null> {
    const [fromSeq, toSeq] = messages.length > 0 ? seqBounds(messages) : [conversation.archivedSeq + 1, conversation.archivedSeq];
    const archivedSeq = await this.archive.upsert(ref.tenantId, conversation, tx);
    if (archivedSeq === null) return null;
    if (archivedSeq < fromSeq - 1) throw archiveErrors.behind(ref.conversationId, archivedSeq, fromSeq);
    const added = messages.filter(({ seq }) => seq > archivedSeq);
    if (added.length > 0) await this.archive.insertMessages(ref, added, tx);
    await this.archive.markArchived(ref, toSeq, tx);
    const stored = await this.archive.findMessages(ref, fromSeq, toSeq, tx);
    if (stored.length !== messages.length || messageChecksum(stored) !== messageChecksum(messages)) throw archiveErrors.mismatch(ref.conversationId, fromSeq, toSeq);
    return { fromSeq: Math.max(fromSeq, archivedSeq + 1), toSeq, messageCount: added.length, checksum: messageChecksum(added) };
  }

  /**
   * Deletes a conversation. First Redis knows, so that nobody reads it or appends to it; then PostgreSQL, which keeps that there was one; then it
   * leaves Redis. A crash in between leaves it due, and the next move calls this again.
   */
  async erase(ref: ConversationRef, conversation: Conversation): Promise<void> {
    const deleted = await this.hide(ref, conversation);
    await this.transactions.run((tx) => this.archive.erase(ref.tenantId, deleted, tx));
    await this.hot.purge(ref, deleted);
  }

  /** Nobody comes to it any more in Redis. @returns the conversation as it was last: it may have come into another session meanwhile */
  private async hide(ref: ConversationRef, known: Conversation): Promise<Conversation> {
    const change = { fields: { status: 'deleted' }, session: 'leave', dueInSeconds: 0 } as const;
    let conversation = known;
    while ((await this.hot.change(ref, conversation, change))?.outcome === 'refused') conversation = (await this.hot.read(ref, { tail: 0 }))?.conversation ?? conversation;
    return conversation;
  }

  /** A completed conversation is whole here, and Redis knows: whoever reads PostgreSQL alone may take it for whole from now on. @param conversation as it was stored */
  async markTransferred(ref: ConversationRef, { status, revision }: Conversation): Promise<void> {
    if (status !== 'active') await this.archive.markTransferred(ref, revision);
  }

  /** The conversation was deleted, or its retention was over: there was one, and its content is gone on purpose. */
  async isErased(ref: ConversationRef): Promise<boolean> {
    return (await this.archive.find(ref))?.status === 'deleted';
  }

  /** What PostgreSQL has of a range: the basis for checking a ledger row. */
  async checksum(ref: ConversationRef, fromSeq: number, toSeq: number): Promise<string> {
    return messageChecksum(await this.archive.findMessages(ref, fromSeq, toSeq));
  }
}

/** First and last seq of messages that are oldest first. */
export function seqBounds(messages: HotRange['messages']): [number, number] {
  return [messages.at(0)?.seq ?? 0, messages.at(-1)?.seq ?? 0];
}
