import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSettings } from '../../src/shared/config/index.js';
import { connectRedis } from '../../src/shared/redis/index.js';
import { numbers } from '../support/hot-store.js';
import { redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const KEY = 'redis-connection';
const nextTurn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('the command connection', () => {
  let redis: Redis;
  beforeEach(async () => {
    redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl }));
    await redis.del(KEY);
  });
  afterEach(async () => {
    await redis.del(KEY);
    redis.disconnect();
  });

  it('sends what is asked in one turn of the event loop in one write, in its order', async () => {
    const stream = redis.stream as Required<Socket>;
    const [alone, together] = [jest.spyOn(stream, '_write'), jest.spyOn(stream, '_writev')];
    const lengths = await Promise.all(numbers(1, 50).map(async (number) => {
      await Promise.resolve();
      return redis.rpush(KEY, number);
    }));
    expect([alone.mock.calls.length, together.mock.calls.length]).toEqual([0, 1]);
    expect(lengths).toEqual(numbers(1, 50));
    expect(await redis.lrange(KEY, 0, -1)).toEqual(numbers(1, 50).map(String));
  });

  it('does not wait with one command for the answer to another', async () => {
    const written = jest.spyOn(redis.stream, '_write');
    redis.stream.pause();
    const asked = [redis.ping('a')];
    await nextTurn();
    asked.push(redis.ping('b'));
    await nextTurn();
    expect(written).toHaveBeenCalledTimes(2);
    redis.stream.resume();
    expect(await Promise.all(asked)).toEqual(['a', 'b']);
  });

  it('that breaks fails what was on its way, and another one takes over in order', async () => {
    const lost = expect(redis.ping()).rejects.toThrow();
    redis.stream.destroy();
    await lost;
    await waitFor('a new connection', () => redis.status === 'ready');
    expect(await Promise.all(numbers(1, 9).map((number) => redis.rpush(KEY, number)))).toEqual(numbers(1, 9));
  });

  it('that is closed in order first sends what was asked', async () => {
    const asked = redis.rpush(KEY, 'last');
    await redis.quit();
    expect(await asked).toBe(1);
    redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl }));
    expect(await redis.lrange(KEY, 0, -1)).toEqual(['last']);
  });
});
