import { TIERS, type Tier } from '../../../../contracts/index.js';
import { ApiProperty } from '@nestjs/swagger';
import type { TierLimits } from '../../../tenancy/index.js';
import { type BudgetName, renewedAt, type RunLimitName, type UsageReading } from '../usage.js';

/** One limit and where the tenant stands with it. */
export class LimitStandingDto {
  /** null is without limit. */
  limit!: number | null;
  /** null where it is not counted, because there is no limit. */
  used!: number | null;
  /** What runs and embeddings that have not ended may still use; budgets only. */
  reserved?: number;
  left!: number | null;
  /** When it begins anew, ISO-8601 UTC; null for runs at once. */
  renewedAt!: Date | null;
}

/** Limits that a turn is held to when it is accepted. */
export class LimitStandingsDto implements Record<RunLimitName, LimitStandingDto> {
  requestsPerMinute!: LimitStandingDto;
  requestsPerDay!: LimitStandingDto;
  concurrentRuns!: LimitStandingDto;
  tokensPerDay!: LimitStandingDto;
  tokensPerMonth!: LimitStandingDto;
  /** Millionths of a US dollar, as are those of the month. */
  costMicrosPerDay!: LimitStandingDto;
  costMicrosPerMonth!: LimitStandingDto;
}

/** What the caller's tenant may, what it has used and what is left. */
export class UsageDto {
  tenantId!: string;
  @ApiProperty({ enum: TIERS }) tier!: Tier;
  standings!: LimitStandingsDto;
  /** Every limit that counts; null is without limit. */
  @ApiProperty({ type: Object }) limits!: TierLimits;

  static of(tenantId: string, tier: Tier, limits: TierLimits, reading: UsageReading): UsageDto {
    return { tenantId, tier, standings: standingsOf(limits, reading, new Date()), limits };
  }
}

function standingsOf(limits: TierLimits, { minute, day, running, spent }: UsageReading, now: Date): LimitStandingsDto {
  const window = (limit: number | null, { taken, resetMs }: UsageReading['day']): LimitStandingDto =>
    limit === null ? UNCOUNTED : { limit, used: taken, left: Math.max(0, limit - taken), renewedAt: new Date(now.getTime() + resetMs) };
  const budget = (name: BudgetName): LimitStandingDto => {
    const [period, unit] = [name.endsWith('PerDay') ? 'today' : 'thisMonth', name.startsWith('tokens') ? 'tokens' : 'costMicros'] as const;
    const [limit, used, reserved] = [limits[name], spent?.[period][unit] ?? 0, spent?.reserved[unit] ?? 0];
    return { limit, used, reserved, left: limit === null ? null : Math.max(0, limit - used - reserved), renewedAt: renewedAt(name, now) };
  };
  const { concurrentRuns } = limits;
  return {
    requestsPerMinute: window(limits.requestsPerMinute, minute),
    requestsPerDay: window(limits.requestsPerDay, day),
    concurrentRuns: { limit: concurrentRuns, used: running, left: concurrentRuns === null ? null : Math.max(0, concurrentRuns - running), renewedAt: null },
    tokensPerDay: budget('tokensPerDay'),
    tokensPerMonth: budget('tokensPerMonth'),
    costMicrosPerDay: budget('costMicrosPerDay'),
    costMicrosPerMonth: budget('costMicrosPerMonth'),
  };
}

const UNCOUNTED: LimitStandingDto = { limit: null, used: null, left: null, renewedAt: null };
