import { Injectable } from '@nestjs/common';
import type { MigrationStatsAnswer } from '../../contracts/index.js';
import { MigrationSettings } from '../../shared/config/index.js';
import { MetricsService } from '../../shared/telemetry/index.js';
import { HotIndexStore } from '../conversations/index.js';
import { TenantsService } from '../tenancy/index.js';
import { MigrationStateStore } from './migration-state.store.js';

/** The gauges of one scrape come from one look. */
const LOOK_MS = 1_000;

interface Backlog {
  readonly due: number;
  readonly lagSeconds: number;
}

/** How far the migration is, over all processes: the due sets as they are now, and what was counted in Redis. */
@Injectable()
export class MigrationStats {
  /** The tenants as they were last known: how far behind it is must be told above all while PostgreSQL is away. */
  private tenantIds: readonly string[] = [];
  private look: { readonly at: number; readonly stats: Promise<MigrationStatsAnswer | null> } | undefined;

  constructor(
    private readonly state: MigrationStateStore,
    private readonly index: HotIndexStore,
    private readonly tenants: TenantsService,
    private readonly settings: MigrationSettings,
    metrics: MetricsService,
  ) {
    const gauge = (name: string, help: string, read: (stats: MigrationStatsAnswer) => number): void =>
      metrics.read('gauge', { name: `nooble_migration_${name}`, help: `${help} Of all processes and tenants; missing while Redis is away.` }, async () => this.readings((stats) => [[{}, read(stats)]]));
    gauge('lag_seconds', 'How long the conversation that has been due the longest has waited.', ({ lagSeconds }) => lagSeconds);
    gauge('pending', 'Conversations that are due and not being moved.', ({ migrations }) => migrations.pending);
    gauge('moving', 'Moves that are running.', ({ migrations }) => migrations.moving);
    gauge('running', '1 while moves begin by themselves, 0 once the loop was stopped.', ({ status }) => (status === 'running' ? 1 : 0));
    gauge('last_run_timestamp_seconds', 'When the last sweep was through; 0 if there was none yet.', ({ lastRunAt }) => (lastRunAt === null ? 0 : Date.parse(lastRunAt) / 1_000));
    const outcomes = { name: 'nooble_migration_moves_total', help: 'Moves that brought messages to PostgreSQL (completed) and tries that ended with an error (failed). Of all processes and tenants; missing while Redis is away.', labelNames: ['outcome'] } as const;
    metrics.read('counter', outcomes, async () => this.readings(({ migrations }) => [[{ outcome: 'completed' }, migrations.completed], [{ outcome: 'failed' }, migrations.failed]]));
  }

  /** @param tenantId all tenants' if it is left out @throws HOT_STORE_UNAVAILABLE, DATABASE_UNAVAILABLE (unavailable) */
  async get(tenantId?: string): Promise<MigrationStatsAnswer> {
    return this.of(tenantId ?? null, tenantId === undefined ? await this.allTenants() : [tenantId]);
  }

  private async of(tenantId: string | null, tenantIds: readonly string[]): Promise<MigrationStatsAnswer> {
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
    const waits = backlogs.map(({ oldestDueAt }) => (oldestDueAt === null ? 0 : (now - oldestDueAt.getTime()) / 1_000));
    return { due: backlogs.reduce((sum, { due }) => sum + due, 0), lagSeconds: waits.reduce((a, b) => Math.max(a, b), 0) };
  }

  private async allTenants(): Promise<readonly string[]> {
    this.tenantIds = await this.tenants.tenantIds();
    return this.tenantIds;
  }

  private async readings<T>(read: (stats: MigrationStatsAnswer) => T[]): Promise<T[]> {
    if (!this.look || Date.now() - this.look.at > LOOK_MS) this.look = { at: Date.now(), stats: this.lookAround() };
    const stats = await this.look.stats;
    return stats ? read(stats) : [];
  }

  private async lookAround(): Promise<MigrationStatsAnswer | null> {
    const tenantIds = await this.allTenants().catch(() => this.tenantIds);
    return this.of(null, tenantIds).catch(() => null);
  }
}
