import { Injectable } from '@nestjs/common';
import { MetricsService } from '../../shared/telemetry/index.js';
import { MigrationStats, type MoveStats } from './migration-stats.service.js';

/** The numbers of one scrape come from one look. */
const LOOK_MS = 1_000;

/** How far the migration is, for Prometheus: the same in every process. */
@Injectable()
export class MigrationMetrics {
  private look: { readonly at: number; readonly stats: Promise<MoveStats | null> } | undefined;

  constructor(
    private readonly stats: MigrationStats,
    metrics: MetricsService,
  ) {
    const gauge = (name: string, help: string, read: (stats: MoveStats) => number): void =>
      metrics.read('gauge', { name: `nooble_migration_${name}`, help: `${help} Of all processes and tenants; missing while Redis is away.` }, async () => this.readings((stats) => [[{}, read(stats)]]));
    gauge('lag_seconds', 'How old the oldest message is that PostgreSQL does not have.', ({ lagSeconds }) => lagSeconds);
    gauge('pending', 'Conversations that are due and not being moved.', ({ migrations }) => migrations.pending);
    gauge('moving', 'Moves that are running.', ({ migrations }) => migrations.moving);
    gauge('running', '1 while moves begin by themselves, 0 once the loop was stopped.', ({ status }) => (status === 'running' ? 1 : 0));
    gauge('last_run_timestamp_seconds', 'When the last sweep was through; 0 if there was none yet.', ({ lastRunAt }) => (lastRunAt === null ? 0 : Date.parse(lastRunAt) / 1_000));
    const outcomes = { name: 'nooble_migration_moves_total', help: 'Moves that brought messages to PostgreSQL (completed) and tries that ended with an error (failed). Of all processes and tenants; missing while Redis is away.', labelNames: ['outcome'] } as const;
    metrics.read('counter', outcomes, async () => this.readings(({ migrations }) => [[{ outcome: 'completed' }, migrations.completed], [{ outcome: 'failed' }, migrations.failed]]));
  }

  private async readings<T>(read: (stats: MoveStats) => T[]): Promise<T[]> {
    // While Redis is away nobody knows, and that is what the missing metrics say.
    if (!this.look || Date.now() - this.look.at > LOOK_MS) this.look = { at: Date.now(), stats: this.stats.ofMoves().catch(() => null) };
    const stats = await this.look.stats;
    return stats ? read(stats) : [];
  }
}
