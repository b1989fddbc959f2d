import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type RedisClientType } from '@redis/client';

/** Between two tries to connect, milliseconds; grows to the second number. */
const PAUSE_MS = [50, 500] as const;

/**
 * One connection of node-redis that is kept up by us. Its own reconnection cannot be told to leave a socket on which nothing is answered,
 * and would keep commands for later; here a command without a connection fails at once.
 *
 * Emits `up` when commands can be sent and `down` when they no longer can.
 */
export class CacheConnection extends EventEmitter<{ up: []; down: [] }> {
  readonly client: RedisClientType;
  private closed = false;
  private isUp = false;
  /** Until there is a socket node-redis has nothing to close, and would open one all the same. */
  private isDialling = false;
  private isUnwanted = false;
  private keeping: Promise<void> | undefined;
  private lost: () => void = () => undefined;

  /** @param connectTimeoutMs a connection that is not ready by then is tried anew */
  constructor(
    url: string,
    private readonly connectTimeoutMs: number,
  ) {
    super();
    this.client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false, connectTimeout: connectTimeoutMs, keepAlive: 10_000 } });
    // Without a listener a lost connection would end the process.
    this.client.on('error', () => {
      this.lost();
    });
    this.client.on('end', () => {
      this.lost();
    });
    this.client.on('connect', () => {
      this.isDialling = false;
      if (this.isUnwanted) setImmediate(() => void this.renew());
    });
  }

  get isReady(): boolean {
    return this.isUp;
  }

  /** Connects, and again after every loss, until it is closed. Does not wait. */
  start(): void {
    this.keeping ??= this.keepUp();
  }

  /** Leaves a connection on which nothing is answered; a new one is on its way. */
  async renew(): Promise<void> {
    if (this.isDialling) this.isUnwanted = true;
    else if (this.client.isOpen) await this.client.disconnect().catch(() => undefined);
    this.lost();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.renew();
    await this.keeping;
  }

  private async keepUp(): Promise<void> {
    let pauseMs: number = PAUSE_MS[0];
    while (!this.closed) {
      if (await this.connectOnce()) {
        pauseMs = PAUSE_MS[0];
        await this.untilLost();
      }
      if (this.closed) return;
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS[1]);
    }
  }

  /** @returns whether commands can be sent */
  private async connectOnce(): Promise<boolean> {
    const limit = setTimeout(() => {
      void this.renew();
    }, this.connectTimeoutMs);
    this.isDialling = true;
    this.isUnwanted = false;
    try {
      await this.client.connect();
      return this.client.isReady;
    } catch {
      return false;
    } finally {
      this.isDialling = false;
      clearTimeout(limit);
    }
  }

  private async untilLost(): Promise<void> {
    const lost = new Promise<void>((resolve) => (this.lost = resolve));
    this.isUp = true;
    this.emit('up');
    if (this.client.isReady) await lost;
    this.lost = () => undefined;
    this.isUp = false;
    this.emit('down');
  }
}
