import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { PinoLogger } from 'nestjs-pino';
import { RedisSettings } from '../config/index.js';
import { HealthChecks } from '../telemetry/index.js';
import { REDIS, connectRedis } from './connect-redis.js';

@Global()
@Module({
  providers: [{ provide: REDIS, inject: [RedisSettings], useFactory: connectRedis }],
  exports: [REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    health: HealthChecks,
    logger: PinoLogger,
  ) {
    health.register('redis', () => redis.ping());
    let reported = false;
    redis.on('error', (error: Error) => {
      if (!reported) logger.error({ err: error }, 'Redis is out of reach; reconnecting');
      reported = true;
    });
    redis.on('ready', () => {
      if (reported) logger.info('Redis is back');
      reported = false;
    });
  }

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }
}
