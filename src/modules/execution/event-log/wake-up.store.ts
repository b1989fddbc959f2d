import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, duplicateForWaiting } from '../../../shared/redis/index.js';
import { type WakeUp, WakeUpCall } from './wake-up.js';

interface Channel {
  readonly call: WakeUpCall;
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
      this.channels.get(channel)?.call.call();
    });
    this.connection.on('ready', () => {
      for (const { call } of this.channels.values()) call.call();
    });
  }

  onApplicationShutdown(): void {
    this.connection.disconnect();
  }

  /** Listens from before this resolves: what is written afterwards wakes the listener. */
  async listen(channel: string): Promise<WakeUp> {
    const known = this.channels.get(channel) ?? this.subscribe(channel);
    const wakeUp = known.call.listen();
    const close = (): void => {
      wakeUp.close();
      this.leave(channel, known);
    };
    try {
      await known.isSubscribed;
    } catch (error) {
      close();
      throw error;
    }
    return { wait: (timeoutMs) => wakeUp.wait(timeoutMs), close };
  }

  private subscribe(channel: string): Channel {
    const known = { call: new WakeUpCall(), isSubscribed: this.connection.subscribe(channel) };
    this.channels.set(channel, known);
    return known;
  }

  private leave(channel: string, known: Channel): void {
    if (known.call.hasListeners || this.channels.get(channel) !== known) return;
    this.channels.delete(channel);
    // A reader that comes before the server has answered subscribes again, on the same connection and so in order.
    this.connection.unsubscribe(channel).catch(() => undefined);
  }
}
