import { Injectable } from '@nestjs/common';
import { MigrationSettings } from '../../shared/config/index.js';
import { Gathering, Transactions } from '../../shared/database/index.js';
import { ConversationArchive, type ConversationRef, type HotRange, type StoredRange } from '../conversations/index.js';
import { type LedgerEntry, LedgerRepository } from './ledger.repository.js';

/** Transactions of this process at once. */
const TRANSACTIONS = 4;
/** Messages that are worth a transaction beside others. A guess: what they cost is about twice what their transaction costs. */
const ENOUGH_MESSAGES = 100;

/** A range on its way to PostgreSQL. */
interface Write {
  readonly ref: ConversationRef;
  readonly range: HotRange;
  readonly attempt: number;
  /** `performance.now()`. */
  readonly startedAt: number;
}

/**
 * Writes ranges to PostgreSQL, each verified and with its ledger row. Those of a tenant that come while others are being written share the next
 * transaction, as many as have the messages of one batch: a small conversation costs little more than its messages.
 */
@Injectable()
export class RangeWriter {
  private readonly writes: Gathering<Write, StoredRange | null>;

  constructor(
    private readonly archive: ConversationArchive,
    private readonly ledger: LedgerRepository,
    private readonly transactions: Transactions,
    private readonly settings: MigrationSettings,
  ) {
    this.writes = new Gathering({
      groups: TRANSACTIONS,
      isEnough: (waiting) => messagesIn(waiting) >= Math.min(ENOUGH_MESSAGES, this.settings.batchSize),
      goesWith: (write, group) => this.goesWith(write, group),
      write: (group) => this.store(group),
    });
  }

  /**
   * @returns what was stored, committed; null if the conversation was deleted
   * @throws ARCHIVE_BEHIND, ARCHIVE_MISMATCH (conflict), DATABASE_UNAVAILABLE (unavailable): nothing of the range was stored
   */
  async write(ref: ConversationRef, range: HotRange, attempt: number): Promise<StoredRange | null> {
    return this.writes.add({ ref, range, attempt, startedAt: performance.now() });
  }

  private goesWith({ ref, range }: Write, group: readonly Write[]): boolean {
    return messagesIn(group) + range.messages.length <= this.settings.batchSize && group.every((write) => write.ref.tenantId === ref.tenantId && write.ref.conversationId !== ref.conversationId);
  }

  private async store(group: readonly Write[]): Promise<(StoredRange | null)[]> {
    const tenantId = group[0]?.ref.tenantId ?? '';
    return this.transactions.run(tenantId, async (tx) => {
      const stored = await this.archive.storeAll(tenantId, group.map(({ range }) => range), tx);
      const entries = group.flatMap((write, i) => entryOf(write, stored[i] ?? null));
      if (entries.length > 0) await this.ledger.insertAll(tenantId, entries, tx);
      return stored;
    });
  }
}

function messagesIn(writes: readonly Write[]): number {
  return writes.reduce((sum, { range }) => sum + range.messages.length, 0);
}

/** Nothing for a range that was there already, or of a conversation that was deleted. */
function entryOf({ ref, attempt, startedAt }: Write, stored: StoredRange | null): LedgerEntry[] {
  if (!stored || stored.messageCount === 0) return [];
  return [{ ...stored, conversationId: ref.conversationId, durationMs: Math.round(performance.now() - startedAt), attempt, outcome: 'verified', error: null }];
}
