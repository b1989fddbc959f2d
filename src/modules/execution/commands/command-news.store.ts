import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { newId } from '../../../contracts/index.js';
import { REDIS, type Redis, duplicateForWaiting, keys } from '../../../shared/redis/index.js';

/** Which command another process has changed. */
export interface CommandNews {
  readonly tenantId: string;
  /** Its temporary id. */
  readonly id: string;
}

/** Who hears of it. */
export interface NewsListener {
  readonly onChanged: (news: CommandNews) => void;
  /** Something may have been missed. */
  readonly onGap: () => void;
}

/** Processes tell one another which commands they have changed, over Redis pub/sub. What is said while nobody listens is lost; {@link isSound} says so. */
@Injectable()
export class CommandNewsStore implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly origin = newId();
  private readonly channel: string;
  private listener: NewsListener | undefined;
  private connection: Redis | undefined;
  private hears = false;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    this.channel = keys.commandNews(redis.options.db ?? 0);
  }

  /** Whether everything that is said is heard. */
  get isSound(): boolean {
    return this.hears;
  }

  listen(listener: NewsListener): void {
    this.listener = listener;
  }

  onApplicationBootstrap(): void {
    const connection = duplicateForWaiting(this.redis);
    this.connection = connection;
    // Outages are reported once for the process, by the command connection.
    connection.on('error', () => undefined);
    connection.on('message', (_, text: string) => {
      this.hear(text);
    });
    connection.on('close', () => {
      this.hears = false;
      this.listener?.onGap();
    });
    connection.on('ready', () => {
      connection.subscribe(this.channel).then(
        () => {
          this.listener?.onGap();
          this.hears = true;
        },
        () => undefined,
      );
    });
  }

  onApplicationShutdown(): void {
    this.connection?.disconnect();
  }

  /** While Redis is away nobody hears it, and everybody knows that he does not hear. */
  tell(news: CommandNews): void {
    this.redis.publish(this.channel, JSON.stringify({ ...news, origin: this.origin })).catch(() => undefined);
  }

  private hear(text: string): void {
    const { origin, ...news } = JSON.parse(text) as CommandNews & { readonly origin: string };
    if (origin !== this.origin) this.listener?.onChanged(news);
  }
}
