import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorFunction } from '@nestjs/terminus';
import { AppError, toAppError } from '../errors/index.js';

/** A dependency that takes longer to answer is down for whoever asks. */
const PROBE_LIMIT_MS = 3_000;

/** The checks behind `/health/ready`: whoever owns a connection registers how it is tried. */
@Injectable()
export class HealthChecks {
  private readonly checks: HealthIndicatorFunction[] = [];
  private stopping = false;

  constructor(private readonly indicators: HealthIndicatorService) {}

  /** @param probe really asks the dependency, and rejects when it does not answer */
  register(name: string, probe: () => Promise<unknown>): void {
    this.checks.push(async () => {
      const indicator = this.indicators.check(name);
      try {
        await within(PROBE_LIMIT_MS, probe());
        return indicator.up();
      } catch (error) {
        return indicator.down({ reason: toAppError(error).message });
      }
    });
  }

  /** From now on the process is not ready: load balancers stop sending before the listener closes. */
  stop(): void {
    this.stopping = true;
  }

  all(): HealthIndicatorFunction[] {
    const process = this.indicators.check('process');
    return [() => (this.stopping ? process.down({ reason: 'shutting down' }) : process.up()), ...this.checks];
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, limitMs, new AppError({ kind: 'unavailable', code: 'PROBE_TIMED_OUT', message: `no answer within ${String(limitMs / 1_000)} s` }));
  });
  return Promise.race([work, limit]).finally(() => {
    clearTimeout(timer);
  });
}
