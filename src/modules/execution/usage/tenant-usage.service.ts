import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { ExecutionRepository } from '../execution.repository.js';
import { EmbeddingUsageRepository } from './embedding-usage.repository.js';
import { UsageStore } from './usage.store.js';
import { plus, type UsageReading } from './usage.js';

/** What tenants have used: counted in Redis as runs and embeddings end, and compared with PostgreSQL, which keeps it. */
@Injectable()
export class TenantUsage {
  constructor(
    private readonly store: UsageStore,
    private readonly executions: ExecutionRepository,
    private readonly embeddings: EmbeddingUsageRepository,
    private readonly logger: PinoLogger,
  ) {}

  async read(tenantId: string): Promise<UsageReading> {
    return this.store.read(tenantId);
  }

  /** The same, when Redis may have lost it. @throws DATABASE_UNAVAILABLE (unavailable) */
  async readAll(tenantId: string): Promise<UsageReading> {
    const reading = await this.store.read(tenantId);
    if (reading.spent !== null) return reading;
    await this.reconcile(tenantId);
    return this.store.read(tenantId);
  }

  /** Tells Redis what PostgreSQL has. Doing it twice is doing it once. @throws DATABASE_UNAVAILABLE (unavailable) */
  async reconcile(tenantId: string): Promise<void> {
    const now = new Date();
    const [runs, texts] = await Promise.all([this.executions.findSpent(tenantId, now), this.embeddings.findSpent(tenantId, now)]);
    await this.store.set(tenantId, now, { today: plus(runs.today, texts.today), thisMonth: plus(runs.thisMonth, texts.thisMonth) });
  }

  /** The same, for whoever does not wait for it. */
  reconcileSoon(tenantId: string): void {
    this.reconcile(tenantId).catch((error: unknown) => {
      this.logger.warn({ err: error, tenantId }, 'The usage of a tenant could not be compared with PostgreSQL; the run after the next hour tries again');
    });
  }
}
