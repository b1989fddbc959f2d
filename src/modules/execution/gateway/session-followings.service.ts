import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { errorFrame } from '../../../shared/http/index.js';
import { WakeUpStore } from '../event-log/wake-up.store.js';
import { ExecutionsService } from '../executions.service.js';
import { RETRY_MS, RunFollowings, pause } from './run-followings.service.js';
import { SessionRunsStore } from './session-runs.store.js';
import type { SocketConnection } from './socket-connection.js';

/** A client that comes back has so long to say by `subscribe` from where it goes on, before it is sent what its session missed. A guess: a slow round trip. Milliseconds. */
const SPEAK_FIRST_MS = 500;
/** Without a wake-up a session is looked at this often. Wake-ups are lost only with the connection, and then everybody is woken. Milliseconds. */
const LOOK_EVERY_MS = 30_000;

/** Follows every run of a session on a socket: first those whose end no socket has received yet, the oldest first, then those that begin. */
@Injectable()
export class SessionFollowings {
  constructor(
    private readonly sessionRuns: SessionRunsStore,
    private readonly wakeUps: WakeUpStore,
    private readonly executions: ExecutionsService,
    private readonly runs: RunFollowings,
  ) {}

  /** Does nothing if the socket follows the session already. What goes wrong is told to the socket. */
  follow(connection: SocketConnection, sessionId: string): void {
    const signal = connection.subscriptions.addSession(sessionId);
    if (!signal) return;
    this.followToEnd(connection, { sessionId, signal, known: new Set(), isBegun: false }).catch((error: unknown) => {
      connection.subscriptions.removeSession(sessionId);
      const { type, data } = errorFrame(error, { type: 'subscribe' });
      connection.send({ type, data: { ...data, sessionId } });
    });
  }

  private async followToEnd(connection: SocketConnection, session: FollowedSession): Promise<void> {
    while (!session.signal.aborted) {
      try {
        await this.watch(connection, session);
      } catch (error) {
        if (toAppError(error).kind !== 'unavailable') throw error;
        await pause(RETRY_MS, session.signal);
      }
    }
  }

  private async watch(connection: SocketConnection, session: FollowedSession): Promise<void> {
    const { sessionId, signal } = session;
    const wakeUp = await this.wakeUps.listen(this.sessionRuns.channel(connection.tenantId, sessionId));
    const stop = (): void => {
      wakeUp.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        await this.look(connection, session);
        await wakeUp.wait(LOOK_EVERY_MS);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      wakeUp.close();
    }
  }

  private async look(connection: SocketConnection, session: FollowedSession): Promise<void> {
    const runs = await this.sessionRuns.find(connection.tenantId, session.sessionId);
    if (!session.isBegun) {
      // What another socket had received before this one came is not for it.
      for (const { executionId, isReceived } of runs) if (isReceived) session.known.add(executionId);
      await pause(SPEAK_FIRST_MS, session.signal);
      session.isBegun = true;
    }
    for (const { executionId } of runs) {
      if (session.signal.aborted) return;
      if (session.known.has(executionId)) continue;
      // Most often the socket has begun it itself.
      if (!connection.subscriptions.hasMet(executionId)) await this.followRun(connection, session.sessionId, executionId);
      session.known.add(executionId);
    }
    const present = new Set(runs.map(({ executionId }) => executionId));
    for (const executionId of session.known) if (!present.has(executionId)) session.known.delete(executionId);
  }

  private async followRun(connection: SocketConnection, sessionId: string, executionId: string): Promise<void> {
    const { tenantId } = connection;
    try {
      const { conversationId } = await this.executions.getFollowable({ tenantId, executionId });
      await this.runs.follow(connection, { executionId, conversationId, sessionId }, { forSession: sessionId });
    } catch (error) {
      if (toAppError(error).kind !== 'notFound') throw error;
      await this.sessionRuns.forget(tenantId, sessionId, executionId);
    }
  }
}

interface FollowedSession {
  readonly sessionId: string;
  readonly signal: AbortSignal;
  /** Runs of the last look that need no other one. */
  readonly known: Set<string>;
  isBegun: boolean;
}
