import { Injectable } from '@nestjs/common';
import { ConversationArchive, ConversationErasure } from '../conversations/index.js';
import { TenantsService } from '../tenancy/index.js';
import { type LedgerEntry, LedgerRepository } from './ledger.repository.js';

/** Rows of the ledger read at once. */
const PAGE = 500;

/** A range of which PostgreSQL does not have what was verified when it was moved. */
export interface LedgerFault {
  readonly conversationId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly expected: string;
  readonly found: string;
}

export interface LedgerReport {
  readonly tenantId: string;
  /** Ranges whose messages were read and compared. */
  readonly ranges: number;
  readonly messages: number;
  /** Ranges of conversations that were deleted, or of which a message was erased: nothing can be said of them. */
  readonly deleted: number;
  readonly faults: readonly LedgerFault[];
}

type Verdict = 'good' | 'deleted' | LedgerFault;

/** Compares what PostgreSQL has with what the ledger says was moved there. */
@Injectable()
export class LedgerVerification {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly archive: ConversationArchive,
    private readonly erasure: ConversationErasure,
    private readonly tenants: TenantsService,
  ) {}

  /** Every verified range of a tenant. @param onProgress hears how many of how many are through @throws TENANT_NOT_FOUND (notFound) */
  async verify(tenantId: string, onProgress: (done: number, total: number) => void): Promise<LedgerReport> {
    await this.tenants.get(tenantId);
    const total = await this.ledger.countVerified(tenantId);
    const faults: LedgerFault[] = [];
    let [ranges, messages, deleted] = [0, 0, 0];
    for (let after = ''; ; ) {
      const page = await this.ledger.findVerified(tenantId, after, PAGE);
      for (const entry of page) {
        const verdict = await this.judge(tenantId, entry);
        if (verdict === 'deleted') deleted++;
        else [ranges, messages] = [ranges + 1, messages + entry.messageCount];
        if (typeof verdict === 'object') faults.push(verdict);
        onProgress(ranges + deleted, Math.max(total, ranges + deleted));
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return { tenantId, ranges, messages, deleted, faults };
      after = last.ledgerId;
    }
  }

  private async judge(tenantId: string, { conversationId, fromSeq, toSeq, checksum }: LedgerEntry): Promise<Verdict> {
    const ref = { tenantId, conversationId };
    const found = await this.archive.checksum(ref, fromSeq, toSeq);
    if (found === checksum) return 'good';
    return (await this.archive.isErased(ref)) || (await this.erasure.hasRedacted(ref, fromSeq, toSeq)) ? 'deleted' : { conversationId, fromSeq, toSeq, expected: checksum, found };
  }
}
