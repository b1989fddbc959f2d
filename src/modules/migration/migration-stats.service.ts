import { Injectable } from '@nestjs/common';
import type { MigrationStatsAnswer } from '../../contracts/index.js';
import { MigrationSettings, RetentionSettings } from '../../shared/config/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { ConversationRetention, HotIndexStore } from '../conversations/index.js';
import { TenantsService } from '../tenancy/index.js';
import { MigrationStateStore } from './migration-state.store.js';
import type { TenantOfTier } from './retention-pass.service.js';

/** Without the retention: that is a count in PostgreSQL, which nobody needs at each scrape. */
export type MoveStats = Omit<MigrationStatsAnswer, 'retention'>;

interface Backlog {
  readonly due: number;
  readonly lagSeconds: number;
}

/** How far the migration is, over all processes: the tenants' sets as they are now, and what was counted in Redis. */
@Injectable()
export class MigrationStats {
  /** The tenants as they were last known: how far behind it is must be told above all while PostgreSQL is away. */
  private known: readonly TenantOfTier[] | undefined;

  constructor(
    private readonly state: MigrationStateStore,
    private readonly index: HotIndexStore,
    private readonly tenants: TenantsService,
    private readonly ending: ConversationRetention,
    private readonly settings: MigrationSettings,
    private readonly retentionSettings: RetentionSettings,
  ) {}

  /** @param tenantId all tenants' if it is left out @throws TENANT_NOT_FOUND (notFound), HOT_STORE_UNAVAILABLE, DATABASE_UNAVAILABLE (unavailable) */
  async get(tenantId?: string): Promise<MigrationStatsAnswer> {
    if (tenantId !== undefined) await this.requireTenant(tenantId);
    const tenants = tenantId === undefined ? await this.allTenants() : [];
    const [moves, retention] = await Promise.all([
      this.of(tenantId ?? null, tenantId === undefined ? tenants.map((tenant) => tenant.tenantId) : [tenantId]),
      // It is PostgreSQL's to know; the moves are told without it.
      this.retention(tenantId, tenants).catch(() => null),
    ]);
    return { ...moves, retention };
  }

  /** What {@link get} says of all tenants, as far as Redis knows it. @throws HOT_STORE_UNAVAILABLE (unavailable) */
  async ofMoves(): Promise<MoveStats> {
    return this.of(null, (await this.allTenants()).map(({ tenantId }) => tenantId));
  }

  /** While PostgreSQL is away nobody knows better, and the numbers of Redis are told. */
  private async requireTenant(tenantId: string): Promise<void> {
    await this.tenants.get(tenantId).catch((error: unknown) => {
      if (toAppError(error).kind === 'notFound') throw error;
    });
  }

  private async of(tenantId: string | null, tenantIds: readonly string[]): Promise<MoveStats> {
    const whose = tenantId ?? undefined;
    const [{ status, lastRunAt }, moving, counts, { due, lagSeconds }] = await Promise.all([this.state.loop(), this.state.moving(whose), this.state.counts(whose), this.backlog(tenantIds)]);
    const { completed, failed, messagesPerSecond } = counts;
    const pending = Math.max(0, due - moving);
    const migrations = { pending, moving, completed, failed, total: pending + moving + completed + failed };
    return { tenantId, status, migrations, lagSeconds, messagesPerSecond, lastRunAt: lastRunAt?.toISOString() ?? null, intervalSeconds: this.settings.intervalSeconds };
  }

  private async backlog(tenantIds: readonly string[]): Promise<Backlog> {
    const backlogs = await Promise.all(tenantIds.map((tenantId) => this.index.backlog(tenantId)));
    const now = Date.now();
    const ages = backlogs.map(({ oldestUnarchivedAt }) => (oldestUnarchivedAt === null ? 0 : (now - oldestUnarchivedAt.getTime()) / 1_000));
    return { due: backlogs.reduce((sum, { due }) => sum + due, 0), lagSeconds: ages.reduce((a, b) => Math.max(a, b), 0) };
  }

  private async retention(tenantId: string | undefined, all: readonly TenantOfTier[]): Promise<MigrationStatsAnswer['retention']> {
    const tenants = tenantId === undefined ? all : [await this.tenants.get(tenantId)];
    const now = new Date();
    const forecast = await this.ending.forecast(tenants.map(({ tenantId: id, tier, limits }) => ({ tenantId: id, tier, limits, now })));
    return { isEnabled: this.retentionSettings.isEnabled, ...forecast };
  }

  /** @throws DATABASE_UNAVAILABLE (unavailable) if they were never known */
  private async allTenants(): Promise<readonly TenantOfTier[]> {
    try {
      this.known = await this.tenants.all();
    } catch (error) {
      if (!this.known) throw error;
    }
    return this.known;
  }
}
