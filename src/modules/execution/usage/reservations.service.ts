import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { newId } from '../../../contracts/index.js';
import { executionErrors } from '../execution.errors.js';
import { RunStore } from '../runs/run.store.js';
import { EmbeddingLedger } from './embedding-ledger.service.js';
import { TenantUsage } from './tenant-usage.service.js';
import { limitError } from './usage.errors.js';
import type { RunClaim, Spent } from './usage.js';

/** Parts of a tenant's budgets that something else than a run has reserved. */
@Injectable()
export class Reservations {
  constructor(
    private readonly runs: RunStore,
    private readonly usage: TenantUsage,
    private readonly ledger: EmbeddingLedger,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * @param forMs how long it takes at the most to be settled; what is not by then is given back by the sweep
   * @returns its id
   * @throws BUDGET_EXHAUSTED (limited), USAGE_UNKNOWN, HOT_STORE_UNAVAILABLE, DATABASE_UNAVAILABLE (unavailable)
   */
  async make(tenantId: string, claim: RunClaim, forMs: number): Promise<string> {
    const id = newId();
    let reserved = await this.runs.reserve(tenantId, id, claim, forMs);
    if (reserved.outcome === 'unread') {
      await this.usage.reconcile(tenantId);
      reserved = await this.runs.reserve(tenantId, id, claim, forMs);
    }
    if (reserved.outcome === 'limited') throw limitError(reserved.exceeded, claim, 'texts');
    if (reserved.outcome !== 'reserved') throw executionErrors.usageUnknown();
    return id;
  }

  /** Gives back what was reserved and counts what was used; never fails, because that was used all the same. @param id of nothing, if nothing was reserved */
  async settle(tenantId: string, id: string, used: Spent): Promise<void> {
    await this.runs.forget(tenantId, id, used).catch((error: unknown) => {
      this.logger.warn({ err: error, tenantId }, 'What embeddings have used could not be counted in Redis; PostgreSQL has it, with which Redis is compared');
    });
    // Behind Redis, which is never to be raised to what it is about to count itself.
    if (used.tokens > 0) this.ledger.add(tenantId, used);
  }
}
