import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { errorFrame } from '../../../shared/http/index.js';
import { LiveRuns } from '../event-log/live-runs.service.js';
import type { EventIds } from './event-frames.js';
import { SessionRunsStore } from './session-runs.store.js';
import type { SocketConnection } from './socket-connection.js';
import type { FollowOptions, Following } from './subscriptions.js';

/** A following that finds a store away goes on from its cursor after this long. Milliseconds. */
export const RETRY_MS = 500;

/** Sends the events of runs to sockets. */
@Injectable()
export class RunFollowings {
  constructor(
    private readonly live: LiveRuns,
    private readonly sessionRuns: SessionRunsStore,
  ) {}

  /**
   * Events as they happen, to the end of the run or of the socket, while the stores are there and when they are back.
   *
   * @returns resolves when the socket was sent all that there is so far; at once if it follows the run already, or has met it
   */
  async follow(connection: SocketConnection, ids: EventIds, options: FollowOptions = {}): Promise<void> {
    const following = connection.subscriptions.addRun(ids.executionId, options);
    if (!following) return;
    await new Promise<void>((resolve) => {
      void this.forwardToEnd(connection, ids, { following, onCaughtUp: resolve }).finally(resolve);
    });
  }

  private async forwardToEnd(connection: SocketConnection, ids: EventIds, { following, onCaughtUp }: Forwarding): Promise<void> {
    try {
      while (!following.signal.aborted && !(await this.forward(connection, ids, { following, onCaughtUp }))) await pause(RETRY_MS, following.signal);
      if (!following.signal.aborted) this.end(connection, ids);
    } catch (error) {
      const { type, data } = errorFrame(error, { type: 'subscribe' });
      connection.send({ type, data: { ...data, executionId: ids.executionId } });
    } finally {
      connection.subscriptions.removeRun(ids.executionId, following);
    }
  }

  /** @returns false when a store went away meanwhile */
  private async forward(connection: SocketConnection, ids: EventIds, { following, onCaughtUp }: Forwarding): Promise<boolean> {
    try {
      const ref = { tenantId: connection.tenantId, executionId: ids.executionId };
      for await (const page of this.live.pages(ref, following.cursor, following.signal)) {
        if (page.length === 0) onCaughtUp();
        else await connection.sendEvents(page, ids, following);
      }
      return true;
    } catch (error) {
      if (toAppError(error).kind === 'unavailable') return false;
      throw error;
    }
  }

  private end(connection: SocketConnection, { executionId, sessionId }: EventIds): void {
    connection.abandonable.delete(executionId);
    if (!connection.subscriptions.hasSession(sessionId)) return;
    const receive = async (): Promise<void> => {
      await connection.received();
      await this.sessionRuns.receive(connection.tenantId, sessionId, executionId);
    };
    // Without the note the session's next socket is sent the run as well, and drops what it has seen.
    receive().catch(() => undefined);
  }
}

interface Forwarding {
  readonly following: Following;
  readonly onCaughtUp: () => void;
}

/** Waits, unless the signal fires. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}
