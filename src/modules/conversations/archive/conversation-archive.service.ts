import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../../shared/actions/index.js';
import { Gathering, Transactions, type Tx } from '../../../shared/database/index.js';
import { AnnotationRepository } from '../annotations/annotation.repository.js';
import type { Conversation, ConversationRef } from '../conversation.js';
import { HotConversationStore, type HotRange } from '../hot/hot-conversation.store.js';
import { messageChecksum } from '../message-checksum.js';
import { archiveErrors } from './archive.errors.js';
import { type Resequencing, resequence } from './resequencing.js';
import { ArchiveRepository, type RangeChecksum, type SeqRange } from './archive.repository.js';

/** What one move has added to PostgreSQL, read back and compared. */
export interface StoredRange {
  /** After `toSeq` when nothing was added. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly messageCount: number;
  /** See `message-checksum.ts`. */
  readonly checksum: string;
}

/** Transferred conversations that one statement marks at the most. */
const MARKS_TOGETHER = 100;

/** The job would find it there still if it were quicker than we are, and try again. Milliseconds. */
const FORGET_AFTER_MS = 250;
/** Conversations of one such job: well within its deadline. A guess. */
const FORGOTTEN_TOGETHER = 50;

/** More messages than a conversation has. */
const ALL = 2_147_483_647;

/** What there is of a conversation without a row. */
const NOTHING = { archivedSeq: 0, withdrawnSeqs: [], revision: 0 };

/** Conversations at rest. */
@Injectable()
export class ConversationArchive {
  private readonly marks = new Gathering<ConversationRef & Pick<Conversation, 'revision'>, boolean>({
    groups: 1,
    isEnough: () => false,
    goesWith: (mark, group) => group.length < MARKS_TOGETHER && group.every(({ tenantId, conversationId }) => tenantId === mark.tenantId && conversationId !== mark.conversationId),
    write: async (group) => {
      const goingOn = await this.archive.markTransferred(group[0]?.tenantId ?? '', group);
      return group.map(({ conversationId }) => !goingOn.has(conversationId));
    },
  });

  constructor(
    private readonly archive: ArchiveRepository,
    private readonly hot: HotConversationStore,
    private readonly transactions: Transactions,
    private readonly annotations: AnnotationRepository,
    private readonly bus: ActionBus,
  ) {}

  /**
   * Stores ranges of a tenant in an open transaction and verifies them: PostgreSQL reads back what it then has, and its checksums are compared with
   * those of the messages given. Messages that an earlier, interrupted move has stored are compared, not written again.
   *
   * @param ranges of different conversations, their messages dense and oldest first; of one without any, only the conversation's row is written
   * @returns for each range, in their order; null if the conversation was deleted: nothing is stored
   * @throws ARCHIVE_BEHIND, ARCHIVE_MISMATCH (conflict): the caller's transaction must not commit
   */
  async storeAll(tenantId: string, ranges: readonly HotRange[], tx: Tx): Promise<(StoredRange | null)[]> {
    const known = await this.archive.store(tenantId, ranges, tx);
    const kept = ranges.map((range) => givenOf(range, known.get(range.conversation.conversationId)));
    const given = kept.filter((range) => range !== null);
    for (const { conversationId, fromSeq, archivedSeq } of given) if (archivedSeq < fromSeq - 1) throw archiveErrors.behind(conversationId, archivedSeq, fromSeq);
    const stored = await this.archive.markArchived(tenantId, given, tx);
    return kept.map((range) => range && verified(range, stored.get(range.conversationId)));
  }

  /** The same of one range. */
  async store({ tenantId }: ConversationRef, range: HotRange, tx: Tx): Promise<StoredRange | null> {
    return (await this.storeAll(tenantId, [range], tx))[0] ?? null;
  }

  /**
   * Deletes a conversation. First Redis knows, so that nobody reads it or appends to it; then PostgreSQL, which keeps that there was one; then it
   * leaves Redis. A crash in between leaves it due, and the next move calls this again. What its executions have of it is taken out by a job, which is
   * there before anything is gone.
   */
  async erase(ref: ConversationRef, conversation: Conversation): Promise<void> {
    const deleted = await this.hide(ref, conversation);
    await this.forgetExecutions(ref.tenantId, [ref.conversationId]);
    await this.transactions.run(ref.tenantId, async (tx) => {
      await this.archive.erase(ref.tenantId, deleted, tx);
      await this.annotations.erase(ref.tenantId, [ref.conversationId], tx);
    });
    await this.hot.purge(ref, deleted);
  }

  /** What PostgreSQL has deleted leaves Redis, whatever its state there. */
  async purge(ref: ConversationRef, conversation: Pick<Conversation, 'sessionId' | 'agentId'>): Promise<void> {
    await this.hot.purge(ref, conversation);
  }

  /** Conversations that are deleted, or are being deleted: their executions forget what was said in them. */
  async forgetExecutions(tenantId: string, conversationIds: readonly string[]): Promise<void> {
    for (let from = 0; from < conversationIds.length; from += FORGOTTEN_TOGETHER) {
      const data = { conversationIds: conversationIds.slice(from, from + FORGOTTEN_TOGETHER) };
      await this.bus.send('execution.forget_conversations', { tenantId, tenantTier: 'free', data }, { delayMs: FORGET_AFTER_MS });
    }
  }

  /** Nobody comes to it any more in Redis. @returns the conversation as it was last: it may have come into another session meanwhile */
  private async hide(ref: ConversationRef, known: Conversation): Promise<Conversation> {
    const change = { fields: { status: 'deleted' }, session: 'leave', dueInSeconds: 0 } as const;
    let conversation = known;
    while ((await this.hot.change(ref, conversation, change))?.outcome === 'refused') conversation = (await this.hot.read(ref, { tail: 0 }))?.conversation ?? conversation;
    return conversation;
  }

  /**
   * A completed conversation is whole here, and Redis has it as transferred: whoever reads PostgreSQL alone may take it for whole from now on.
   *
   * @param conversation as it was stored, and still was when Redis marked it
   * @returns false when PostgreSQL was told that it goes on. Whoever told it may have died since: the next move brings both together
   */
  async markTransferred(ref: ConversationRef, conversation: Conversation): Promise<boolean> {
    if (await this.marks.add({ ...ref, revision: conversation.revision })) return true;
    await this.hot.change(ref, conversation, { fields: { status: 'transferred' }, status: 'transferred', dueInSeconds: 0 });
    return false;
  }

  /**
   * A transferred conversation is about to go on: PostgreSQL will not have all of it for a while. A crash before it does is mended by the move that would let it go.
   *
   * @param revision that it has in Redis
   */
  async goOn(ref: ConversationRef, revision: number): Promise<void> {
    await this.archive.goOn(ref, revision);
  }

  /**
   * Brings Redis and PostgreSQL together after one of them came back with older data.
   *
   * @returns what was done; null when somebody else was quicker, or only a person can tell which store is right
   */
  async reconcile(ref: ConversationRef): Promise<Resequencing | null> {
    const hot = await this.hot.read(ref, { from: 1, count: ALL });
    const row = await this.archive.find(ref);
    if (!hot || row?.status === 'deleted') return null;
    const { archivedSeq, withdrawnSeqs, revision } = row ?? NOTHING;
    const change = resequence(hot, { messages: await this.archive.findMessages(ref, hot.conversation.firstHotSeq, archivedSeq), archivedSeq, withdrawnSeqs });
    if (!change) return null;
    // What follows has to be newer than anything that PostgreSQL has, and nobody may take PostgreSQL for whole before it has that.
    const known = Math.max(hot.conversation.revision, revision);
    await this.archive.goOn(ref, known);
    return (await this.hot.resequence(ref, hot.conversation, { ...change, newerThan: known + 1 })) ? change : null;
  }

  /** The conversation was deleted, or its retention was over: there was one, and its content is gone on purpose. */
  async isErased(ref: ConversationRef): Promise<boolean> {
    return (await this.archive.find(ref))?.status === 'deleted';
  }

  /** What PostgreSQL has of a range: the basis for checking a ledger row. */
  async checksum(ref: ConversationRef, fromSeq: number, toSeq: number): Promise<string> {
    return this.archive.checksum(ref.tenantId, { conversationId: ref.conversationId, fromSeq, toSeq });
  }
}

/** First and last seq of messages that are oldest first. */
export function seqBounds(messages: HotRange['messages']): [number, number] {
  return [messages.at(0)?.seq ?? 0, messages.at(-1)?.seq ?? 0];
}

/** A range as it came from Redis, and what PostgreSQL had before. */
interface GivenRange extends SeqRange {
  readonly messages: HotRange['messages'];
  readonly archivedSeq: number;
}

/** @returns null if the conversation was deleted */
function givenOf({ conversation, messages }: HotRange, archivedSeq: number | undefined): GivenRange | null {
  if (archivedSeq === undefined) return null;
  const [fromSeq, toSeq] = messages.length > 0 ? seqBounds(messages) : [conversation.archivedSeq + 1, conversation.archivedSeq];
  return { conversationId: conversation.conversationId, fromSeq, toSeq, messages, archivedSeq };
}

/** @throws ARCHIVE_MISMATCH (conflict) */
function verified({ conversationId, fromSeq, toSeq, messages, archivedSeq }: GivenRange, stored: RangeChecksum | undefined): StoredRange {
  const checksum = messageChecksum(messages);
  if (stored?.messageCount !== messages.length || stored.checksum !== checksum) throw archiveErrors.mismatch(conversationId, fromSeq, toSeq);
  const added = messages.filter(({ seq }) => seq > archivedSeq);
  return { fromSeq: Math.max(fromSeq, archivedSeq + 1), toSeq, messageCount: added.length, checksum: added.length === messages.length ? checksum : messageChecksum(added) };
}
