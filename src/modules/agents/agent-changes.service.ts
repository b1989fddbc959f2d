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
/** A commit whose answer was lost is done, or will never be, after this long; notes that cannot be read are tried again as late. Milliseconds. */
const AGAIN_MS = 5_000;

/**
 * Writes agents, and tells the caches. The change is noted in the same transaction, and the note removed once Redis knows: so it is told also when the
 * commit's answer was lost, when Redis was away, or when the process died in between. Notes that are left are told at the start of any process, and
 * whenever Redis is back. Telling twice equals telling once.
 */
@Injectable()
export class AgentChanges implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Each is a look of its own: a later one must not put off an earlier one, nor stand in for it. */
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;

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
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  /**
   * Runs `write` in a transaction. When its promise is settled, this process has forgotten the agent as it was, and so have Redis and, within
   * milliseconds, the other processes; while Redis is away they are told when it is back.
   *
   * @throws what `write` throws
   */
  async write<T>(ref: AgentRef, write: (tx: Tx) => Promise<T>): Promise<T> {
    const change = { tenantId: ref.tenantId, agentId: ref.agentId, changeId: newId() };
    try {
      const written = await this.transactions.run(ref.tenantId, async (tx) => {
        await this.changes.insert(change, tx);
        return write(tx);
      });
      await this.tell(change);
      return written;
    } catch (error) {
      // It may have been committed all the same, now or in a moment.
      await this.invalidator.tell(ref.tenantId, ref.agentId);
      if (toAppError(error).isRetryable) this.tellLater(AGAIN_MS);
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
    if (this.isStopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.tellAll().catch((error: unknown) => {
        if (!this.isStopped) this.logger.warn({ err: error }, 'Changes of agents that the caches may not know cannot be read; trying again');
        this.tellLater(AGAIN_MS);
      });
    }, delayMs);
    this.timers.add(timer.unref());
  }
}
