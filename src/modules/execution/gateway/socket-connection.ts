import type { WebSocket } from 'ws';
import { newId } from '../../../contracts/index.js';
import type { ServerFrame } from '../../../shared/http/index.js';
import type { Principal } from '../../tenancy/index.js';

/** Frames that are not the server's own: events, with whose they are. */
export interface EventFrame {
  readonly type: string;
  readonly executionId: string;
  readonly seq: number;
}

/** What the socket is closed with: RFC 6455 and the IANA registry. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, tryAgainLater: 1013 } as const;

const DRAIN_POLL_MS = 10;
/** A client that does not answer a ping in this time is cut off. Milliseconds. */
export const PONG_WITHIN_MS = 10_000;
/** How long a reader may stay behind the limit before it is closed. */
const READ_WITHIN_MS = 10_000;

/** One open socket: who is behind it, what it follows, and how much it has not read. */
export class SocketConnection {
  readonly connectionId = newId();
  private readonly following = new Map<string, AbortController>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    readonly principal: Principal,
    readonly sessionId: string,
    private readonly bufferLimitBytes: number,
  ) {}

  send(frame: ServerFrame | EventFrame): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Waits until the client has read enough; one that stays behind the limit for too long is closed, and resumes by cursor. */
  async drain(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + READ_WITHIN_MS;
    while (!signal.aborted && this.socket.bufferedAmount > this.bufferLimitBytes) {
      if (Date.now() > deadline) this.close(CLOSE.tryAgainLater, 'You read too slowly; reconnect and subscribe with "after".');
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** @returns the signal that ends the following, or undefined if the socket follows this execution already */
  follow(executionId: string): AbortSignal | undefined {
    if (this.following.has(executionId)) return undefined;
    const controller = new AbortController();
    this.following.set(executionId, controller);
    return controller.signal;
  }

  /** @param signal ends only the following that has this signal; default: whichever there is */
  unfollow(executionId: string, signal?: AbortSignal): void {
    const controller = this.following.get(executionId);
    if (!controller || (signal && controller.signal !== signal)) return;
    this.following.delete(executionId);
    controller.abort();
  }

  /** Pings at this interval; a client that does not answer in 10 s is cut off. @param onPing called with each ping */
  keepAlive(intervalMs: number, onPing: () => void): void {
    let cutOff: NodeJS.Timeout | undefined;
    this.socket.on('pong', () => {
      clearTimeout(cutOff);
      cutOff = undefined;
    });
    this.heartbeat = setInterval(() => {
      cutOff ??= setTimeout(() => {
        this.socket.terminate();
      }, PONG_WITHIN_MS);
      this.socket.ping();
      onPing();
    }, intervalMs);
    this.socket.once('close', () => {
      clearTimeout(cutOff);
    });
  }

  close(code: number, reason: string): void {
    this.dispose();
    this.socket.close(code, reason);
  }

  /** Ends everything that belongs to the socket. */
  dispose(): void {
    clearInterval(this.heartbeat);
    for (const executionId of [...this.following.keys()]) this.unfollow(executionId);
  }
}
