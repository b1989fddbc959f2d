import { Injectable } from '@nestjs/common';
import { type LedgerEntry, LedgerRepository } from './ledger.repository.js';

export type MovedRange = LedgerEntry & { readonly movedAt: Date };

/** What was moved, when, and how it was verified. */
@Injectable()
export class MigrationLedger {
  constructor(private readonly ledger: LedgerRepository) {}

  /** Every attempt that ended, oldest first. */
  async ofConversation(tenantId: string, conversationId: string): Promise<MovedRange[]> {
    return this.ledger.findByConversation(tenantId, conversationId);
  }
}
