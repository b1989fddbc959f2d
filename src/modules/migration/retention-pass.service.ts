import { Injectable } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';
import { RetentionSettings } from '../../shared/config/index.js';
import { ConversationRetention } from '../conversations/index.js';
import type { LimitOverrides } from '../tenancy/index.js';
import { MigrationStateStore } from './migration-state.store.js';

/** A sweep spends no more time on it, milliseconds: the next one is about moves again, and goes on. A guess. */
const BUDGET_MS = 20_000;

export interface TenantOfTier {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly limits?: LimitOverrides;
}

/** Ends conversations whose retention is over, a batch of each tenant in a sweep, until nothing is left; then it rests for an interval. */
@Injectable()
export class RetentionPass {
  constructor(
    private readonly retention: ConversationRetention,
    private readonly state: MigrationStateStore,
    private readonly settings: RetentionSettings,
  ) {}

  /** One tenant's failure does not stop the others. @throws the first of them */
  async run(tenants: readonly TenantOfTier[], signal: AbortSignal): Promise<void> {
    if (!this.settings.isEnabled || !(await this.isTime())) return;
    const until = Date.now() + BUDGET_MS;
    const failures: unknown[] = [];
    let isThrough = true;
    for (const tenant of tenants) {
      signal.throwIfAborted();
      if (Date.now() > until) isThrough = false;
      else isThrough = (await this.batch(tenant, failures)) && isThrough;
    }
    if (failures.length > 0) throw failures[0];
    if (isThrough) await this.state.note('retainedAt');
  }

  private async batch(tenant: TenantOfTier, failures: unknown[]): Promise<boolean> {
    try {
      return (await this.retention.apply({ ...tenant, now: new Date() }, this.settings.batchSize)).isThrough;
    } catch (error) {
      failures.push(error);
      return false;
    }
  }

  private async isTime(): Promise<boolean> {
    const { retainedAt } = await this.state.loop();
    return retainedAt === null || Date.now() - retainedAt.getTime() >= this.settings.intervalSeconds * 1_000;
  }
}
