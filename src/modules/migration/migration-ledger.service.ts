import { Injectable } from '@nestjs/common';
import { type LedgerEntry, LedgerRepository } from './ledger.repository.js';

export type MovedRange = LedgerEntry & { readonly movedAt: Date };

/** What of a conversation's ledger is shown at once. */
export interface LedgerPart {
  readonly ranges: readonly MovedRange[];
  /** How many there are in all. */
  readonly total: number;
}

/** What was moved, when, and how it was verified. */
@Injectable()
export class MigrationLedger {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Attempts that ended, oldest first; of many the newest 200. */
  async ofConversation(tenantId: string, conversationId: string): Promise<LedgerPart> {
    const [ranges, total] = await Promise.all([this.ledger.findByConversation(tenantId, conversationId), this.ledger.countByConversation(tenantId, conversationId)]);
    return { ranges, total };
  }
}
