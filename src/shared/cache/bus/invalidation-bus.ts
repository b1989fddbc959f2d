import { LRUCache } from 'lru-cache';
import type { CacheConnection } from '../l2/cache-connection.js';
import { type BusMessage, type BusStamp, parseBusMessage } from './bus-message.js';

/** Other processes whose numbering is remembered. */
const MAX_NODES = 1_000;
/** Signs of life of our own that may stay out before the bus counts as lost. */
const MISSED_BEATS = 2.5;
/** The same before a new connection is made. */
const PATIENCE_BEATS = 5;

/** What the bus tells the memory of this process. */
export interface BusListener {
  entry(tenant: string, name: string): void;
  scope(tenant: string, scope: string): void;
  /** Something may have been lost, or was: nothing remembered can be believed. */
  all(): void;
}

/**
 * Hears of every invalidation, by Redis pub/sub on a connection of its own. It is sound while it hears its own beat: that proves
 * the whole way, also against a connection on which nothing comes any more. A gap in another's numbers is a loss, too.
 */
export class InvalidationBus {
  private readonly lastSeq = new LRUCache<string, number>({ max: MAX_NODES });
  private timer: NodeJS.Timeout | undefined;
  /** When our own sign of life came last, or since when we wait for the first. */
  private heardAt = 0;
  private sound = false;
  private subscribed = false;
  /** Hears when the bus becomes sound or is lost. */
  onChange: (isSound: boolean) => void = () => undefined;

  /** @param beat publishes a sign of life of this process */
  constructor(
    private readonly connection: CacheConnection,
    private readonly stamp: BusStamp,
    private readonly beatMs: number,
    private readonly beat: () => Promise<void>,
    private readonly listener: BusListener,
  ) {
    connection.on('up', () => {
      this.heardAt = performance.now();
      void this.subscribe();
    });
    connection.on('down', () => {
      this.subscribed = false;
      this.lose();
    });
  }

  /** Whether every invalidation is heard. */
  get isSound(): boolean {
    return this.sound;
  }

  start(): void {
    this.connection.start();
    this.timer = setInterval(() => {
      this.tick();
    }, this.beatMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.lose();
    await this.connection.close();
  }

  /** Anything else than a message of another process changes nothing. */
  readonly receive = (text: string): void => {
    const message = parseBusMessage(text);
    if (message === undefined) return;
    if (message.node === this.stamp.node) this.hearOwn(message);
    else this.hear(message);
  };

  private async subscribe(): Promise<void> {
    try {
      await this.connection.client.subscribe(this.stamp.channel, this.receive);
      this.subscribed = true;
      await this.beat();
    } catch {
      await this.connection.renew();
    }
  }

  private tick(): void {
    if (this.sound && performance.now() - this.heardAt > this.beatMs * MISSED_BEATS) this.lose();
    // Also one on which the subscription itself is not answered.
    if (this.connection.isReady && !this.sound && performance.now() - this.heardAt > this.beatMs * PATIENCE_BEATS) {
      this.heardAt = performance.now();
      void this.connection.renew();
    }
    void this.beat();
  }

  private hearOwn({ kind }: BusMessage): void {
    if (kind !== 'beat') return;
    this.heardAt = performance.now();
    if (this.sound || !this.subscribed) return;
    // What was remembered while nobody listened may be void.
    this.listener.all();
    this.sound = true;
    this.onChange(true);
  }

  private hear({ node, seq, kind, tenant, name }: BusMessage): void {
    const last = this.lastSeq.get(node);
    this.lastSeq.set(node, seq);
    const expected = kind === 'beat' ? last : (last ?? seq - 1) + 1;
    if (last !== undefined && seq !== expected) this.listener.all();
    if (kind === 'entry') this.listener.entry(tenant, name);
    else if (kind === 'scope') this.listener.scope(tenant, name);
  }

  private lose(): void {
    if (!this.sound) return;
    this.sound = false;
    this.lastSeq.clear();
    this.listener.all();
    this.onChange(false);
  }
}
