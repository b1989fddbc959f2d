import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { MetricsService } from '../../telemetry/index.js';
import { CacheEngine, type CacheState } from '../cache-engine.js';
import { LOAD_BUCKETS_MS, type TypeCounters } from './cache-counters.js';
import { READ_OUTCOMES } from './cache-events.js';

/** Between two points of the hit rates' history, milliseconds. */
const MARK_MS = 10_000;
/** How far the hit rates of the report look back, milliseconds. */
const WINDOWS_MS = { '1m': 60_000, '10m': 600_000, '1h': 3_600_000 } as const;

/** What an operator sees of one type. */
export interface CacheTypeReport {
  readonly type: string;
  /** Since the start of the process. */
  readonly reads: Record<string, number>;
  readonly loads: number;
  readonly loadErrors: number;
  readonly meanLoadMs: number | null;
  /** Loads that took at most so many milliseconds, and those that took longer. */
  readonly loadsByMs: Record<string, number>;
  /** Loaded values that were not kept, because something was invalidated meanwhile. */
  readonly fenced: number;
  /** By window; null without reads. */
  readonly hitRate: Record<string, number | null>;
}

/** What an operator sees of a process's cache. */
export interface CacheReport {
  readonly state: CacheState;
  readonly types: CacheTypeReport[];
}

/** The cache's numbers for Prometheus and for operators. Labels are types and outcomes, so their number is bounded. */
@Injectable()
export class CacheMetrics implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    private readonly engine: CacheEngine,
    private readonly metrics: MetricsService,
    private readonly logger: PinoLogger,
  ) {}

  onModuleInit(): void {
    this.register();
    this.logOutages();
    this.timer = setInterval(() => {
      this.engine.counters.mark();
    }, MARK_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    this.isStopping = true;
    clearInterval(this.timer);
  }

  report(): CacheReport {
    const types = [...this.engine.counters.entries()].map(([type, counters]) => this.typeReport(type, counters));
    return { state: this.engine.state(), types: types.sort((a, b) => a.type.localeCompare(b.type)) };
  }

  /** A start and an orderly stop are no news. */
  private logOutages(): void {
    let isAway = false;
    this.engine.events.on('breaker', ({ state }) => {
      const { heldBack } = this.engine.state();
      if (state === 'open' && !this.isStopping) this.logger.warn({ heldBack }, 'The cache does without Redis until it answers again: reads go to memory and database, invalidations are held back');
      if (state === 'closed' && isAway) this.logger.info('The cache uses Redis again and has told it every invalidation');
      isAway = state === 'open';
    });
    let isDeaf = false;
    this.engine.events.on('bus', ({ isSound }) => {
      if (!isSound && !this.isStopping) this.logger.warn('Invalidations of other processes are not heard: the memory of this one is empty until they are');
      if (isSound && isDeaf) this.logger.info('Invalidations of other processes are heard again');
      isDeaf = !isSound;
    });
  }

  private typeReport(type: string, counters: TypeCounters): CacheTypeReport {
    const { loads, loadErrors, fenced, loadMsSum, loadBuckets } = counters;
    const rate = (windowMs?: number): number | null => this.engine.counters.hitRate(type, windowMs) ?? null;
    return {
      ...{ type, loads, loadErrors, fenced },
      reads: Object.fromEntries(READ_OUTCOMES.map((outcome) => [outcome, counters[outcome]])),
      meanLoadMs: loads === 0 ? null : loadMsSum / loads,
      loadsByMs: Object.fromEntries(loadBuckets.map((count, index) => [String(LOAD_BUCKETS_MS[index] ?? 'more'), count])),
      hitRate: Object.fromEntries([...Object.entries(WINDOWS_MS).map(([name, ms]) => [name, rate(ms)] as const), ['total', rate()]]),
    };
  }

  private register(): void {
    const { counters } = this.engine;
    this.metrics.read('counter', { name: 'nooble_cache_reads_total', help: 'Cache reads by type and outcome.', labelNames: ['type', 'outcome'] }, () =>
      [...counters.entries()].flatMap(([type, row]) => READ_OUTCOMES.map((outcome) => [{ type, outcome }, row[outcome]] as const)),
    );
    const totals = { loads: 'Loads', loadErrors: 'Failed loads', loadMsSum: 'Milliseconds spent in loads', fenced: 'Loaded values not kept, because something was invalidated meanwhile', leaseWaits: 'Looks at a value that another process loads', uncacheable: 'Loaded values that cannot be cached', damaged: 'Entries that could not be read', away: 'Reads that Redis did not answer' } as const;
    for (const [field, help] of Object.entries(totals) as [keyof typeof totals, string][]) {
      this.metrics.read('counter', { name: `nooble_cache_${snake(field)}_total`, help: `${help}, by type.`, labelNames: ['type'] }, () => [...counters.entries()].map(([type, row]) => [{ type }, row[field]] as const));
    }
    this.registerState();
  }

  private registerState(): void {
    const gauges: Readonly<Record<string, readonly [help: string, read: (state: CacheState) => number]>> = {
      breaker_open: ['1 while the cache does without Redis.', ({ breaker }) => (breaker === 'open' ? 1 : 0)],
      bus_sound: ['1 while every invalidation of other processes is heard.', ({ isBusSound }) => (isBusSound ? 1 : 0)],
      memory_entries: ['Entries in the memory of the process.', ({ entries }) => entries],
      memory_bytes: ['Their bytes, as they are written in Redis.', ({ bytes }) => bytes],
      memory_evictions: ['Entries that had to make room since the start.', ({ evictions }) => evictions],
      in_flight: ['Reads under way.', ({ inFlight }) => inFlight],
      held_back: ['Invalidations that wait for Redis.', ({ heldBack }) => heldBack],
    };
    for (const [name, [help, read]] of Object.entries(gauges)) this.metrics.read('gauge', { name: `nooble_cache_${name}`, help }, () => [[{}, read(this.engine.state())]]);
  }
}

function snake(name: string): string {
  return name.replace(/Sum$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
