import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { newId } from '../../contracts/index.js';
import { AgentCacheInvalidator, CacheEventSource } from '../../shared/cache/index.js';
import { type Tx, Transactions } from '../../shared/database/index.js';
import { toAppError } from '../../shared/errors/index.js';
import type { AgentRef } from './agent.js';
import { type AgentChange, AgentChangeRepository } from './agent-change.repository.js';

/** Changes that are told in one go. */
const BATCH = 500;
/** A commit whose answer was lost is done, or will never be, after this long. Milliseconds. */
const IN_DOUBT_MS = 5_000;

/**
 * Writes agents, and tells the caches. The change is noted in the same transaction, and the note removed once Redis knows: so it is told also when the
 * commit's answer was lost, when Redis was away, or when the process died in between. Notes that are left are told at the start of any process, and
 * whenever Redis is back. Telling twice equals telling once.
 */
@Injectable()
export class AgentChanges implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly changes: AgentChangeRepository,
    private readonly invalidator: AgentCacheInvalidator,
    private readonly events: CacheEventSource,
    private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.events.on('breaker', ({ state }) => {
      if (state === 'closed') this.tellLater(0);
    });
    this.tellLater(0);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
  }

  /**
   * Runs `write` in a transaction; when its promise is settled, no process goes on with the agent as it was.
   *
   * @throws what `write` throws
   */
  async write<T>(ref: AgentRef, write: (tx: Tx) => Promise<T>): Promise<T> {
    const change = { tenantId: ref.tenantId, agentId: ref.agentId, changeId: newId() };
    try {
      const written = await this.transactions.run(async (tx) => {
        await this.changes.insert(change, tx);
        return write(tx);
      });
      await this.tell(change);
      return written;
    } catch (error) {
      // It may have been committed all the same, now or in a moment.
      await this.invalidator.tell(ref.tenantId, ref.agentId);
      if (toAppError(error).isRetryable) this.tellLater(IN_DOUBT_MS);
      throw error;
    }
  }

  /** Tells the caches of every change that is noted. */
  async tellAll(): Promise<void> {
    for (;;) {
      const changes = await this.changes.findOldest(BATCH);
      const told = await Promise.all(changes.map((change) => this.tell(change)));
      if (changes.length < BATCH || !told.every(Boolean)) return;
    }
  }

  /** @returns whether Redis knows; if not, the note stays */
  private async tell(change: AgentChange): Promise<boolean> {
    if (!(await this.invalidator.tell(change.tenantId, change.agentId))) return false;
    try {
      await this.changes.delete(change);
    } catch (error) {
      // Told once more at the next start.
      this.logger.warn({ err: error, ...change }, 'The note of a change of an agent stays');
    }
    return true;
  }

  private tellLater(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.tellAll().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'Changes of agents that the caches may not know cannot be read; the next process to start tells them');
      });
    }, delayMs);
    this.timer.unref();
  }
}
