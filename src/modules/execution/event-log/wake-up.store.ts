import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, duplicateForWaiting } from '../../../shared/redis/index.js';

/** One listener's share of a channel. */
export interface WakeUp {
  /** Resolves at the next wake-up, at once if there was one since the last call, and after `timeoutMs` at the latest. @returns whether there was one */
  wait(timeoutMs: number): Promise<boolean>;
  close(): void;
}

interface Channel {
  readonly listeners: Set<() => void>;
  readonly isSubscribed: Promise<unknown>;
}

/**
 * Wake-ups over Redis pub/sub, one connection for the process. They may be lost (a reconnect), so after one every listener is woken,
 * and nobody waits without a time-out.
 */
@Injectable()
export class WakeUpStore implements OnApplicationShutdown {
  private readonly connection: Redis;
  private readonly channels = new Map<string, Channel>();

  constructor(@Inject(REDIS) redis: Redis) {
    this.connection = duplicateForWaiting(redis);
    // Outages are reported once for the process, by the command connection.
    this.connection.on('error', () => undefined);
    this.connection.on('message', (channel: string) => {
      this.wake(channel);
    });
    this.connection.on('ready', () => {
      for (const channel of this.channels.keys()) this.wake(channel);
    });
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }

  /** Listens from before this resolves: what is written afterwards wakes the listener. */
  async listen(channel: string): Promise<WakeUp> {
    let isAwake = false;
    let resolveWait: (() => void) | undefined;
    const wake = (): void => {
      isAwake = true;
      resolveWait?.();
    };
    await this.add(channel, wake);
    return {
      close: () => {
        this.remove(channel, wake);
      },
      wait: async (timeoutMs) => {
        if (!isAwake) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, timeoutMs);
            resolveWait = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        const wasWoken = isAwake;
        isAwake = false;
        return wasWoken;
      },
    };
  }

  private async add(channel: string, wake: () => void): Promise<void> {
    let known = this.channels.get(channel);
    if (!known) {
      known = { listeners: new Set(), isSubscribed: this.connection.subscribe(channel) };
      this.channels.set(channel, known);
    }
    known.listeners.add(wake);
    try {
      await known.isSubscribed;
    } catch (error) {
      this.remove(channel, wake);
      throw error;
    }
  }

  private remove(channel: string, wake: () => void): void {
    const known = this.channels.get(channel);
    if (known?.listeners.delete(wake) !== true) return;
    wake();
    if (known.listeners.size > 0) return;
    this.channels.delete(channel);
    // A reader that comes before the server has answered subscribes again, on the same connection and so in order.
    this.connection.unsubscribe(channel).catch(() => undefined);
  }

  private wake(channel: string): void {
    this.channels.get(channel)?.listeners.forEach((wake) => {
      wake();
    });
  }
}
