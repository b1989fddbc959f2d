import type { RecoveryQueue } from '../bus/recovery-queue.js';
import type { Breaker } from './breaker.js';
import type { CacheConnection } from './cache-connection.js';
import type { L2Store } from './l2.store.js';

/** Between two looks whether Redis answers again; a random part is added, so that not all processes look at once. Milliseconds. */
const PROBE_MS = 300;
/** Looks without an answer on a connection that seems sound, after which a new one is made. */
const PATIENCE = 2;
/** Invalidations told in one go. */
const BATCH = 500;

/**
 * The way back from an outage: look until Redis answers, tell it every invalidation that was held back, and only then let readers ask
 * it again. So with a closed breaker nothing is held back, and no reader is given an entry that was void before.
 */
export class Recovery {
  private timer: NodeJS.Timeout | undefined;
  private isProbing = false;
  private unanswered = 0;
  private stopped = false;

  constructor(
    private readonly connection: CacheConnection,
    private readonly breaker: Breaker,
    private readonly store: L2Store,
    private readonly queue: RecoveryQueue,
  ) {
    connection.on('up', () => {
      void this.probe();
    });
    connection.on('down', () => {
      this.breaker.open();
    });
    // It may come from a caller who had found the breaker open, a moment before it closed.
    queue.onAdd = () => {
      this.breaker.open();
    };
  }

  /** The breaker has opened. */
  begin(): void {
    this.unanswered = 0;
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.stopped || !this.breaker.isOpen) return;
    this.timer = setTimeout(() => void this.probe(), PROBE_MS * (1 + Math.random()));
    this.timer.unref();
  }

  private async probe(): Promise<void> {
    if (this.isProbing || !this.breaker.isOpen || this.stopped) return;
    this.isProbing = true;
    try {
      if ((await this.catchUp()) && this.queue.size === 0) this.breaker.close();
    } finally {
      this.isProbing = false;
      this.schedule();
    }
  }

  /** @returns whether Redis answers and has been told everything */
  private async catchUp(): Promise<boolean> {
    if (!(await this.store.ping())) {
      this.unanswered++;
      if (this.connection.isReady && this.unanswered >= PATIENCE) await this.connection.renew();
      return false;
    }
    this.unanswered = 0;
    while (this.queue.size > 0) {
      const batch = this.queue.next(BATCH);
      if (!(await this.store.replay(batch))) return false;
      for (const invalidation of batch) this.queue.done(invalidation);
    }
    return true;
  }
}
