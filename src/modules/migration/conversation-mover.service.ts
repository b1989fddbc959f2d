import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { MigrationSettings } from '../../shared/config/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { MetricsService } from '../../shared/telemetry/index.js';
import { ConversationArchive, type ConversationRef, HotConversationStore, type HotRange, type StoredRange, seqBounds } from '../conversations/index.js';
import { type LedgerEntry, LedgerRepository } from './ledger.repository.js';
import { RangeWriter } from './range-writer.service.js';

/** Messages moved at once have no more bytes in Redis, unless a single one has: they are in memory some times over. A guess. */
const BATCH_BYTES = 4_194_304;

/**
 * Moves a conversation's unarchived messages to PostgreSQL, verified, while it may be in use.
 *
 * States of a message: in Redis only → in both (the transaction has committed) → in both and marked (`archivedSeq`) → in PostgreSQL
 * only (released). A crash leaves it in one of these; the next move goes on from there: docs/decisions/0004.
 */
@Injectable()
export class ConversationMover {
  private readonly moved: Counter;
  private readonly failures: Counter<'code'>;
  private readonly resequenced: Counter<'code'>;

  constructor(
    private readonly hot: HotConversationStore,
    private readonly archive: ConversationArchive,
    private readonly ledger: LedgerRepository,
    private readonly writer: RangeWriter,
    private readonly settings: MigrationSettings,
    metrics: MetricsService,
  ) {
    this.moved = metrics.counter({ name: 'nooble_migration_messages_total', help: 'Messages moved to PostgreSQL and verified.' });
    this.resequenced = metrics.counter({ name: 'nooble_migration_resequenced_total', help: 'Conversations brought together after Redis or PostgreSQL came back with older data, by what was found.', labelNames: ['code'] });
    this.failures = metrics.counter({ name: 'nooble_migration_failures_total', help: 'Moves that ended with an error, by code.', labelNames: ['code'] });
  }

  /**
   * Moves everything that is not archived, batch by batch, then lets a closed conversation go whose release time has come.
   *
   * @param onMoved hears of each range how many messages PostgreSQL has now and had not before
   * @returns the newest archived seq; null when the conversation is not in Redis
   * @throws ARCHIVE_BEHIND, ARCHIVE_MISMATCH (conflict) when only a person can tell which store is right, DATABASE_UNAVAILABLE, HOT_STORE_UNAVAILABLE (unavailable)
   */
  async move(ref: ConversationRef, attempt: number, signal: AbortSignal, onMoved: (messageCount: number) => void = () => undefined): Promise<number | null> {
    for (let movedTo: number | null = null; ; ) {
      signal.throwIfAborted();
      const range = await this.hot.read(ref, { unarchived: this.settings.batchSize, bytes: BATCH_BYTES });
      if (range === null) return this.notHot(ref, movedTo);
      const moved = isAtRest(range) ? range.conversation.archivedSeq : await this.moveRange(ref, range, attempt, onMoved);
      if (moved === 'resequenced') continue;
      movedTo = moved;
      if (movedTo === null) return null;
      const mark = await this.hot.markArchived(ref, { archivedSeq: movedTo, revision: range.conversation.revision });
      if (isLast(range)) return this.makeRoom(ref, range, { archivedSeq: movedTo, isTransferred: mark?.isTransferred ?? false });
    }
  }

  /** Nothing is due of what is not in Redis. */
  private async notHot(ref: ConversationRef, movedTo: number | null): Promise<number | null> {
    await this.hot.markArchived(ref, { archivedSeq: 0, revision: 0 });
    return movedTo;
  }

  /** What is archived and not needed any more leaves Redis. @returns the newest archived seq */
  private async makeRoom(ref: ConversationRef, { conversation }: HotRange, { archivedSeq, isTransferred }: { readonly archivedSeq: number; readonly isTransferred: boolean }): Promise<number> {
    const mayLeave = !isTransferred || (await this.archive.markTransferred(ref, conversation));
    if (!mayLeave || !(await this.hot.release(ref, conversation))) await this.hot.trim(ref);
    return archivedSeq;
  }

  /** @returns the newest archived seq; null when the conversation was deleted, and is gone now; `resequenced` when it has to be read again */
  private async moveRange(ref: ConversationRef, range: HotRange, attempt: number, onMoved: (messageCount: number) => void): Promise<number | null | 'resequenced'> {
    const startedAt = performance.now();
    const durationMs = (): number => Math.round(performance.now() - startedAt);
    try {
      const stored = range.conversation.status === 'deleted' ? null : await this.writer.write(ref, range, attempt);
      if (!stored) return await this.erased(ref, range);
      this.moved.inc(stored.messageCount);
      onMoved(stored.messageCount);
      return stored.toSeq;
    } catch (error) {
      if (await this.isMended(ref, { durationMs: durationMs(), attempt }, error)) return 'resequenced';
      await this.reportFailure(ref, range, { durationMs: durationMs(), attempt }, error);
      throw error;
    }
  }

  private async erased(ref: ConversationRef, { conversation }: HotRange): Promise<null> {
    await this.archive.erase(ref, conversation);
    return null;
  }

  /** An older Redis or an older PostgreSQL has come back: what only Redis has goes behind what PostgreSQL has, and that is written down. */
  private async isMended(ref: ConversationRef, timing: Timing, thrown: unknown): Promise<boolean> {
    const { code, kind } = toAppError(thrown);
    const change = kind === 'conflict' ? await this.archive.reconcile(ref) : null;
    if (!change) return false;
    this.resequenced.inc({ code });
    const error = `${code}: from seq ${String(change.fromSeq)} on Redis had not what PostgreSQL has up to ${String(change.archivedSeq)}. PostgreSQL keeps it; ${String(change.movedCount)} messages that only Redis had follow under other seqs.`;
    const range = { fromSeq: change.fromSeq, toSeq: change.seq, messageCount: change.movedCount, checksum: '' };
    await this.record(ref, { ...range, ...timing }, { outcome: 'resequenced', error });
    return true;
  }

  /** A range that PostgreSQL contradicts is written down; an outage is not, nothing can be written then. */
  private async reportFailure(ref: ConversationRef, { messages }: HotRange, timing: Timing, thrown: unknown): Promise<void> {
    const { code, kind, message } = toAppError(thrown);
    this.failures.inc({ code });
    if (kind !== 'conflict') return;
    const [fromSeq, toSeq] = seqBounds(messages);
    await this.record(ref, { fromSeq, toSeq, messageCount: messages.length, checksum: '', ...timing }, { outcome: 'failed', error: message });
  }

  private async record({ tenantId, conversationId }: ConversationRef, range: StoredRange & Timing, { outcome, error }: Pick<LedgerEntry, 'outcome' | 'error'>): Promise<void> {
    await this.ledger.insert(tenantId, { ...range, conversationId, outcome, error });
  }
}

/** Nothing is behind these messages. */
function isLast({ conversation, messages }: HotRange): boolean {
  return (messages.at(-1)?.seq ?? conversation.seq) >= conversation.seq;
}

/** PostgreSQL has every message, and every change of the header. */
function isAtRest({ conversation, messages }: HotRange): boolean {
  return messages.length === 0 && conversation.revision <= conversation.archivedRevision;
}

interface Timing {
  readonly durationMs: number;
  readonly attempt: number;
}
