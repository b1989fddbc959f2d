import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { type ExecutionEvent, newId } from '../../../contracts/index.js';
import { type ServerFrame, errorFrame } from '../../../shared/http/index.js';
import { type EventIds, eventFrame } from './event-frames.js';
import type { SocketOwner } from './socket-owner.js';
import { type Following, Subscriptions } from './subscriptions.js';

/** What the socket is closed with: RFC 6455 and the IANA registry. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, tryAgainLater: 1013 } as const;

const DRAIN_POLL_MS = 10;
/** A client that does not answer a ping in this time is cut off. Milliseconds. */
export const PONG_WITHIN_MS = 10_000;
/** How long a reader may stay behind the limit before it is closed. */
const READ_WITHIN_MS = 10_000;
const TOO_SLOW = 'You read too slowly; reconnect and subscribe with "after".';

/** The two ends of a socket's wire: frames, and the bytes below them. */
export interface Wire {
  readonly socket: WebSocket;
  readonly bytes: Socket;
}

/** One open socket: who is behind it, what it follows, and how much it has not read. */
export class SocketConnection {
  readonly connectionId = newId();
  readonly subscriptions = new Subscriptions();
  /** Runs that are cancelled when the client closes the socket. */
  readonly abandonable = new Set<string>();
  private heartbeat: NodeJS.Timeout | undefined;
  private readonly receipts = new Map<number, () => void>();
  private lastReceipt = 0;
  private isClosedByUs = false;
  /** What was unread behind the last event, which may be larger than any limit. Bytes. */
  private leftByEvents = 0;

  constructor(
    private readonly wire: Wire,
    readonly owner: SocketOwner,
    private readonly bufferLimitBytes: number,
  ) {}

  get tenantId(): string {
    return this.owner.principal.tenantId;
  }

  get sessionId(): string {
    return this.owner.sessionId;
  }

  get isOpen(): boolean {
    return this.wire.socket.readyState === this.wire.socket.OPEN;
  }

  /** The client has closed it, or is gone; not we. */
  get isAbandoned(): boolean {
    return !this.isOpen && !this.isClosedByUs;
  }

  send(frame: ServerFrame): void {
    if (this.isOpen) this.wire.socket.send(JSON.stringify(frame));
  }

  /**
   * Sends the events of a page that the client does not have, no faster than it reads. One that stays behind the limit for too long is closed, and
   * resumes by cursor.
   */
  async sendEvents(page: readonly ExecutionEvent[], ids: EventIds, following: Following): Promise<void> {
    for (let sent = 0; sent < page.length && !following.signal.aborted; ) {
      sent = this.sendSome(page, sent, { ids, following });
      await this.drain(following.signal);
    }
  }

  /** Resolves when the client has received all that was sent so far, and never if it does not. */
  async received(): Promise<void> {
    const number = ++this.lastReceipt;
    await new Promise<void>((resolve) => {
      this.receipts.set(number, resolve);
      this.wire.socket.ping(String(number), undefined, () => undefined);
    });
  }

  /** Every frame is answered: one that goes on to send while it leaves answers unread, as much as the limit, is closed. */
  boundAnswers(): void {
    const { socket } = this.wire;
    socket.on('message', () => {
      const ofEvents = Math.max(this.leftByEvents, this.bufferLimitBytes);
      if (this.isOpen && socket.bufferedAmount > ofEvents + this.bufferLimitBytes) this.close(CLOSE.tryAgainLater, TOO_SLOW);
    });
  }

  /** Pings at this interval; a client that does not answer in 10 s is cut off. @param onPing called with each ping */
  keepAlive(intervalMs: number, onPing: () => void): void {
    const { socket } = this.wire;
    let cutOff: NodeJS.Timeout | undefined;
    socket.on('pong', (data) => {
      clearTimeout(cutOff);
      cutOff = undefined;
      this.noteReceipts(Number(data));
    });
    this.heartbeat = setInterval(() => {
      cutOff ??= setTimeout(() => {
        socket.terminate();
      }, PONG_WITHIN_MS);
      socket.ping();
      onPing();
    }, intervalMs);
    socket.once('close', () => {
      clearTimeout(cutOff);
    });
  }

  close(code: number, reason: string): void {
    this.isClosedByUs = true;
    this.dispose();
    this.wire.socket.close(code, reason);
  }

  /** Says why, and closes. */
  refuse(error: unknown, code: number, reason: string): void {
    this.send(errorFrame(error));
    this.close(code, reason);
  }

  /** Ends everything that belongs to the socket. */
  dispose(): void {
    clearInterval(this.heartbeat);
    this.subscriptions.end();
    this.receipts.clear();
  }

  /** Frames go to the kernel together. @returns how many events of the page are done with */
  private sendSome(page: readonly ExecutionEvent[], from: number, { ids, following }: { ids: EventIds; following: Following }): number {
    const { socket, bytes } = this.wire;
    if (!this.isOpen) return page.length;
    let at = from;
    bytes.cork();
    for (; at < page.length && socket.bufferedAmount <= this.bufferLimitBytes; at++) {
      const event = page[at];
      if (!event || event.seq <= following.cursor) continue;
      socket.send(eventFrame(event, ids), { binary: false });
      following.cursor = event.seq;
    }
    bytes.uncork();
    this.leftByEvents = socket.bufferedAmount;
    return at;
  }

  private async drain(signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + READ_WITHIN_MS;
    while (!signal.aborted && this.wire.socket.bufferedAmount > this.bufferLimitBytes) {
      if (Date.now() > deadline) this.close(CLOSE.tryAgainLater, TOO_SLOW);
      else await sleep(DRAIN_POLL_MS);
    }
  }

  /** Pongs come in the order of their pings, and after what was sent before. */
  private noteReceipts(upTo: number): void {
    for (const [number, resolve] of this.receipts) {
      if (number > upTo) return;
      this.receipts.delete(number);
      resolve();
    }
  }
}
