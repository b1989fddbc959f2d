import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { newId } from '../../contracts/index.js';
import { Transactions, type Tx } from '../../shared/database/index.js';
import { LedgerEntity, type MoveOutcome } from './ledger.entity.js';

/** Ranges of one conversation at the most: one that is used for long, or that cannot be moved, has more and more of them. A guess: as many as of its executions. */
const NEWEST = 200;

/** One moved range, or one that could not be moved. */
export interface LedgerEntry {
  readonly conversationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly messageCount: number;
  /** SHA-256 over seq, id, role and content of the range, hexadecimal. */
  readonly checksum: string;
  readonly durationMs: number;
  readonly attempt: number;
  readonly outcome: MoveOutcome;
  readonly error: string | null;
}

/** The table `migration_ledger`. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(tenantId: string, entry: LedgerEntry, tx?: Tx): Promise<void> {
    await this.insertAll(tenantId, [entry], tx);
  }

  async insertAll(tenantId: string, entries: readonly LedgerEntry[], tx?: Tx): Promise<void> {
    await this.transactions.within(tenantId, tx, (manager) => manager.insert(LedgerEntity, entries.map((entry) => ({ ...entry, tenantId, ledgerId: newId() }))));
  }

  /** Ranges that were verified, oldest first. @param after ledgerId of the last one known; '' from the first on */
  async findVerified(tenantId: string, after: string, limit: number): Promise<(LedgerEntry & { readonly ledgerId: string })[]> {
    const where = { tenantId, outcome: 'verified' as const, ...(after !== '' && { ledgerId: MoreThan(after) }) };
    return this.transactions.within(tenantId, undefined, (manager) => manager.find(LedgerEntity, { where, order: { ledgerId: 'ASC' }, take: limit }));
  }

  async countVerified(tenantId: string): Promise<number> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.countBy(LedgerEntity, { tenantId, outcome: 'verified' }));
  }

  /** The newest ranges of a conversation, oldest first. */
  async findByConversation(tenantId: string, conversationId: string): Promise<(LedgerEntry & { readonly movedAt: Date })[]> {
    const rows = await this.transactions.within(tenantId, undefined, (manager) => manager.find(LedgerEntity, { where: { tenantId, conversationId }, order: { ledgerId: 'DESC' }, take: NEWEST }));
    return rows.reverse();
  }

  async countByConversation(tenantId: string, conversationId: string): Promise<number> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.countBy(LedgerEntity, { tenantId, conversationId }));
  }
}
