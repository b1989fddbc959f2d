import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { ConflictPolicy, DomainAction, NewExecutionEvent } from '../../../contracts/index.js';
import { type LuaScript, REDIS, keys, luaScript } from '../../../shared/redis/index.js';
import { EVENT_LOG_TTL_SECONDS, flatEvents, flatState } from '../event-log/event-log.store.js';
import type { StateChange } from '../event-log/execution-hash.js';
import type { CancelRequest, ExecutionRef, RunRef } from '../execution.js';
import { NO_CLAIM, type RunClaim, type Spent } from '../usage/usage.js';
import { type AcceptAnswer, type Acceptance, acceptanceOf, type Reserved, type ReserveAnswer, reservedOf } from './acceptance.js';

/** Runs that may wait for one conversation. A guess: more than a person or a program sends before it reads an answer. */
export const MAX_WAITING_RUNS = 100;
/** Nobody has heard of a run for this long: the sweep looks after it. Milliseconds; longer than Bull takes to notice a lost worker. */
const SILENT_MS = 60_000;

/** What Redis knows of a tenant's usage is compared with PostgreSQL after this long, when the next run is accepted. A guess. Milliseconds. */
const USAGE_OLD_MS = 3_600_000;

const SCRIPTS = { 'accept-run': 11, 'begin-run': 6, 'end-run': 7, 'ask-cancel': 1, 'give-back': 2, 'pass-on': 4, 'forget-run': 3, 'reserve-usage': 3 } as const;

/** A run that is to be accepted. */
export interface NewRun extends RunRef {
  readonly sessionId: string;
  readonly agentId: string;
  readonly state: StateChange;
  /** What the worker is sent; kept with the state until the end, so that anybody can send it again. */
  readonly action: Omit<DomainAction<'execution.agent_run'>, 'actionType'>;
  readonly onConflict: ConflictPolicy;
  /** What the active run is told when it has to make way. */
  readonly request: CancelRequest;
}

/** What became of a run that a worker wants to begin. */
export type Beginning =
  | { readonly outcome: 'begun'; readonly attempt: number }
  | { readonly outcome: 'unknown' | 'ended' | 'waiting' | 'exhausted' }
  | { readonly outcome: 'cancelled'; readonly request: CancelRequest };

/** How a run is ended. */
export interface RunEnd {
  /** The last of them terminal. */
  readonly events: readonly NewExecutionEvent[];
  readonly change: StateChange;
  /** Only if it still is the attempt with this token. */
  readonly token?: string;
  /** Only if it has this status. */
  readonly status?: 'queued';
  /** A log that is gone is not begun anew: the caller restores it first. */
  readonly restores?: boolean;
}

/** `nextId`: the run that has the conversation now, and has to be sent to a worker. Nothing was changed unless `ended`. */
export type Ended =
  | { readonly outcome: 'ended'; readonly nextId: string | null }
  | { readonly outcome: 'over' | 'fenced' | 'unknown' | 'status' }
  | { readonly outcome: 'lost'; readonly lastEventSeq: number };

/**
 * Who has which conversation: one run at a time, from its acceptance to its end; the others wait in line. No clock decides that: a run has its
 * conversation until it has ended, and whoever is lost on the way is looked after by the sweep. docs/decisions/0025
 */
@Injectable()
export class RunStore {
  private readonly scripts: Record<keyof typeof SCRIPTS, LuaScript>;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    const made = Object.entries(SCRIPTS).map(([name, keyCount]) => [name, luaScript(redis, { moduleUrl: import.meta.url, file: `${name}.lua`, keyCount })]);
    this.scripts = Object.fromEntries(made) as Record<keyof typeof SCRIPTS, LuaScript>;
  }

  /** Accepts a run, or refuses it; again changes nothing. @param claim what it takes of its tenant's limits */
  async accept(run: NewRun, claim?: RunClaim): Promise<Acceptance> {
    const { tenantId, executionId, sessionId, agentId, onConflict, request, action } = run;
    const now = Date.now();
    const limits = [MAX_WAITING_RUNS, JSON.stringify(request), now, now + SILENT_MS, EVENT_LOG_TTL_SECONDS];
    const { limits: held, tokens, costMicros } = claim ?? NO_CLAIM;
    const takes = [run.conversationId, JSON.stringify(held), tokens, costMicros, USAGE_OLD_MS];
    const args = [executionId, onConflict, ...limits, new Date(now).toISOString(), JSON.stringify({ agentId }), ...takes, 'action', JSON.stringify(action), ...flatState(run.state)];
    const scriptKeys = [...keysOf(run), keys.runs(tenantId), keys.sessionRuns(tenantId, sessionId), keys.turns(tenantId, 'minute'), keys.turns(tenantId, 'day'), ...usageKeysOf(run)];
    return acceptanceOf((await this.scripts['accept-run'](scriptKeys, args)) as AcceptAnswer, claim !== undefined);
  }

  /** @param maxAttempts beginnings at the most that neither ended nor were given back: they took their workers down */
  async begin(run: RunRef, maxAttempts: number): Promise<Beginning> {
    const now = Date.now();
    const args = [run.executionId, now, new Date(now).toISOString(), now + SILENT_MS, maxAttempts, run.conversationId];
    const [outcome, fact] = (await this.scripts['begin-run']([...keysOf(run), keys.runs(run.tenantId), keys.busy(run.tenantId)], args)) as [Beginning['outcome'], (string | number)?];
    if (outcome === 'begun') return { outcome, attempt: Number(fact) };
    return outcome === 'cancelled' ? { outcome, request: JSON.parse(String(fact)) as CancelRequest } : { outcome };
  }

  /** Takes the conversation away from a run of which there is nothing any more. @returns the one that has it now; null if nobody has, or nothing was done */
  async passOn({ tenantId, executionId, conversationId }: RunRef): Promise<string | null> {
    const scriptKeys = [keys.execution(tenantId, executionId), keys.lease(tenantId, conversationId), keys.waitingRuns(tenantId, conversationId), keys.busy(tenantId)];
    const nextId = (await this.scripts['pass-on'](scriptKeys, [executionId, conversationId])) as string | null;
    return nextId === '' ? null : nextId;
  }

  /** Another try will bring the run to its end: this attempt has not taken its worker down. */
  async giveBack(run: RunRef, token: string): Promise<void> {
    const { tenantId, executionId, conversationId } = run;
    await this.scripts['give-back']([keys.execution(tenantId, executionId), keys.lease(tenantId, conversationId)], [token]);
  }

  async end(run: RunRef, { events, change, token, status, restores = false }: RunEnd): Promise<Ended> {
    const state = flatState(change);
    const args = [run.executionId, token ?? '', status ?? '', new Date().toISOString(), restores ? 1 : 0, EVENT_LOG_TTL_SECONDS, run.conversationId, ...usedBy(change), state.length, ...state, ...flatEvents(events)];
    const [outcome, fact] = (await this.scripts['end-run']([...keysOf(run), ...usageKeysOf(run)], args)) as [Ended['outcome'], (string | number)?];
    if (outcome === 'ended') return { outcome, nextId: fact === '' ? null : String(fact) };
    return outcome === 'lost' ? { outcome, lastEventSeq: Number(fact) } : { outcome };
  }

  /**
   * Asks a run to stop, and has every worker look.
   *
   * @param isFenced nothing counts that its worker does from now on
   * @returns false when it does not have the conversation
   */
  async askCancel({ tenantId, conversationId, executionId }: RunRef, request: CancelRequest, isFenced = false): Promise<boolean> {
    const isAsked = (await this.scripts['ask-cancel']([keys.lease(tenantId, conversationId)], [executionId, JSON.stringify(request), isFenced ? 1 : 0])) === 1;
    await this.redis.publish(this.cancellations, executionId);
    return isAsked;
  }

  /** The channel on which workers are told to look at {@link cancelRequests}. */
  get cancellations(): string {
    return keys.cancellations(this.redis.options.db ?? 0);
  }

  /** These runs are alive. @returns for each the request to cancel it, if there is one */
  async stillRunning(runs: readonly RunRef[]): Promise<(CancelRequest | null)[]> {
    return Promise.all(runs.map(async ({ tenantId, conversationId, executionId }) => {
      const isAlive = this.redis.zadd(keys.runs(tenantId), 'XX', Date.now() + SILENT_MS, executionId);
      const [[holder, request]] = await Promise.all([this.redis.hmget(keys.lease(tenantId, conversationId), 'executionId', 'cancel'), isAlive]);
      return holder === executionId && request ? (JSON.parse(request) as CancelRequest) : null;
    }));
  }

  /** Runs of a tenant that nobody has heard of for a while; they are not found again before as long has passed. */
  async takeSilent(tenantId: string, limit: number): Promise<string[]> {
    const now = Date.now();
    const silent = await this.redis.zrangebyscore(keys.runs(tenantId), '-inf', now, 'LIMIT', 0, limit);
    if (silent.length > 0) await this.redis.zadd(keys.runs(tenantId), 'XX', ...silent.flatMap((id) => [now + SILENT_MS, id]));
    return silent;
  }

  /** Every run of a tenant that PostgreSQL does not have yet. */
  async findUnpersisted(tenantId: string): Promise<string[]> {
    return this.redis.zrange(keys.runs(tenantId), 0, -1);
  }

  /** The same of one conversation: those that have it or wait for it, and those that have ended. */
  async findUnpersistedOf(tenantId: string, conversationId: string): Promise<string[]> {
    const ids = await this.findUnpersisted(tenantId);
    const conversationIds = await Promise.all(ids.map((id) => this.redis.hget(keys.execution(tenantId, id), 'conversationId')));
    return ids.filter((_, i) => conversationIds[i] === conversationId);
  }

  /** It is not looked after again before this time has passed; without one, before nothing is left of it in Redis. Seconds. */
  async setAside(tenantId: string, executionId: string, seconds = EVENT_LOG_TTL_SECONDS): Promise<void> {
    await this.redis.zadd(keys.runs(tenantId), 'XX', Date.now() + seconds * 1_000, executionId);
  }

  /**
   * PostgreSQL has it, or there is no such run: nobody looks after it any more.
   *
   * @param used counts; of a run nothing, whose end has counted it
   */
  async forget(tenantId: string, executionId: string, { tokens, costMicros }: Spent = NO_CLAIM): Promise<void> {
    const scriptKeys = [keys.runs(tenantId), keys.usage(tenantId), keys.reservations(tenantId)];
    await this.scripts['forget-run'](scriptKeys, [executionId, new Date().toISOString(), tokens, costMicros]);
  }

  /** Reserves of the budgets without a run, until {@link forget}. @param forMs it is taken for lost after this time, and forgotten */
  async reserve(tenantId: string, id: string, { limits, tokens, costMicros }: RunClaim, forMs: number): Promise<Reserved> {
    const now = Date.now();
    const args = [id, new Date(now).toISOString(), JSON.stringify(limits), tokens, costMicros, now + forMs];
    return reservedOf((await this.scripts['reserve-usage']([keys.runs(tenantId), keys.usage(tenantId), keys.reservations(tenantId)], args)) as ReserveAnswer);
  }

  /** What the worker was sent; null when the run has ended. */
  async findAction({ tenantId, executionId }: ExecutionRef): Promise<NewRun['action'] | null> {
    const text = await this.redis.hget(keys.execution(tenantId, executionId), 'action');
    return text === null ? null : (JSON.parse(text) as NewRun['action']);
  }

  /** Whether a run waits for one that has its conversation. */
  async isInLine(run: RunRef): Promise<boolean> {
    const [holder, position] = await Promise.all([this.redis.hget(keys.lease(run.tenantId, run.conversationId), 'executionId'), this.findPosition(run)]);
    return holder !== null && holder !== run.executionId && position > 0;
  }

  /** Runs that wait for a conversation before this one, the active one included; 0 when it is its turn. */
  async findPosition({ tenantId, conversationId, executionId }: RunRef): Promise<number> {
    const place = await this.redis.lpos(keys.waitingRuns(tenantId, conversationId), executionId);
    return place === null ? 0 : place + 1;
  }
}

/** The fencing token of an attempt; `begin-run.lua` makes the same. */
export function tokenOf({ executionId }: ExecutionRef, attempt: number): string {
  return `${executionId}:${String(attempt)}`;
}

function keysOf({ tenantId, executionId, conversationId }: RunRef): string[] {
  return [keys.execution(tenantId, executionId), keys.events(tenantId, executionId), keys.lease(tenantId, conversationId), keys.waitingRuns(tenantId, conversationId)];
}

function usedBy({ usage, costMicros }: StateChange): [tokens: number, costMicros: number] {
  return [usage?.totalTokens ?? 0, costMicros ?? 0];
}

function usageKeysOf({ tenantId }: RunRef): string[] {
  return [keys.busy(tenantId), keys.usage(tenantId), keys.reservations(tenantId)];
}
