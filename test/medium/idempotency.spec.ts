import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Post, Query, Res } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply } from 'fastify';
import { IsString } from 'class-validator';
import { PinoLogger } from 'nestjs-pino';
import { AppError } from '../../src/shared/errors/index.js';
import { ErrorFilter, validationPipe } from '../../src/shared/http/index.js';
import { IdempotencyStore } from '../../src/shared/idempotency/idempotency.store.js';
import { Idempotent, type NewIds, RequestIds } from '../../src/shared/idempotency/index.js';
import { IdempotentInterceptor } from '../../src/shared/idempotency/idempotent.interceptor.js';
import { RedisSettings } from '../../src/shared/config/index.js';
import { connectRedis } from '../../src/shared/redis/connect-redis.js';
import { REDIS, type Redis, keys } from '../../src/shared/redis/index.js';
import { ApiClient, type Answer, type ErrorAnswer } from '../support/api-client.js';
import { emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

class ThingDto {
  @IsString() name!: string;
}

interface Thing {
  readonly thingId: string;
  readonly name: string;
  /** Differs each time that the handler runs. */
  readonly run: number;
}

/** Things by their id, and how the handlers ended. */
const made = new Set<string>();
let runs = 0;
let failure: AppError | undefined;

@Controller('things')
class ThingsController {
  @Post()
  @HttpCode(202)
  @Idempotent()
  async create(@Body() { name }: ThingDto, @Query('wait') _: string | undefined, @RequestIds() ids: NewIds): Promise<Thing> {
    runs++;
    const run = runs;
    const thingId = ids.id('thing');
    // Long enough for others to come, and for a connection to break.
    await sleep(50);
    if (failure) throw failure;
    made.add(thingId);
    return { thingId, name, run };
  }

  @Post('events')
  @Idempotent()
  async stream(@Res() reply: FastifyReply, @RequestIds() ids: NewIds): Promise<void> {
    await reply.header('content-type', 'text/event-stream').send(Readable.from([`data: ${JSON.stringify(ids.id('thing'))}\n\n`]));
  }

  @Post('secret')
  @Idempotent({ keepsAnswer: false })
  secret(@RequestIds() ids: NewIds): object {
    return { thingId: ids.id('thing'), run: ++runs };
  }

  @Post('large')
  @Idempotent()
  large(@Body() body: { size: number }): object {
    return { run: ++runs, text: 'x'.repeat(body.size) };
  }

  @Post('plain')
  plain(): object {
    return { run: ++runs };
  }
}

describe('a handler with Idempotency-Key', () => {
  let connection: Redis;
  let redis: Redis;
  let app: NestFastifyApplication;
  let url: string;

  const connect = (): Redis => connectRedis(Object.assign(new RedisSettings(), { url: redisUrl })).on('error', () => undefined);
  const start = async (toRedis: Redis): Promise<NestFastifyApplication> => {
    const logger = { error: () => undefined };
    const testing = await Test.createTestingModule({
      controllers: [ThingsController],
      providers: [
        ...[IdempotencyStore, { provide: REDIS, useValue: toRedis }, { provide: PinoLogger, useValue: logger }],
        ...[{ provide: APP_INTERCEPTOR, useClass: IdempotentInterceptor }, { provide: APP_FILTER, useClass: ErrorFilter }, { provide: APP_PIPE, useFactory: validationPipe }],
      ],
    }).compile();
    const started = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    // What the guard does.
    started.getHttpAdapter().getInstance().addHook('onRequest', (request, _, done) => {
      Object.assign(request, { principal: { tenantId: request.headers['x-tenant-id'] } });
      done();
    });
    await started.listen(0, '127.0.0.1');
    return started;
  };
  const as = (key: string, tenantId = 'acme'): ApiClient => new ApiClient(url, { 'x-tenant-id': tenantId, 'idempotency-key': key });
  const make = (key: string, body: object = { name: 'a' }, path = '/things'): Promise<Answer<Thing & ErrorAnswer>> => as(key).post(path, body);
  const recordOf = (key: string, route = '/things'): Promise<string | null> => redis.get(keys.idempotency('acme', route, key));
  const replayed = ({ headers }: Answer<unknown>): string | null => headers.get('idempotency-replayed');

  beforeAll(async () => {
    redis = await emptyRedis(redisUrl);
    connection = connect();
    app = await start(connection);
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    connection.disconnect();
    redis.disconnect();
  });
  beforeEach(() => {
    made.clear();
    [runs, failure] = [0, undefined];
  });

  it('answers the same request with what it answered first, its status too, and does not run again', async () => {
    const first = await make('k1');
    const again = await make('k1');
    expect([first.status, replayed(first)]).toEqual([202, null]);
    expect([again.status, again.body, replayed(again)]).toEqual([202, first.body, 'true']);
    expect(runs).toBe(1);
  });

  it('refuses another request under the key, saying the way out', async () => {
    const first = await make('k2');
    for (const [body, path] of [[{ name: 'b' }, '/things'], [{ name: 'a' }, '/things?limit=2']] as const) {
      expect(await make('k2', body, path)).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_MISMATCH', message: expect.stringContaining('under a new key'), details: { field: 'Idempotency-Key' } } });
    }
    expect(await as('k2').with({ 'x-llm-model': 'gpt-4' }).post('/things', { name: 'a' })).toMatchObject({ status: 409 });
    expect((await make('k2')).body).toEqual(first.body);
    expect(runs).toBe(1);
  });

  it('makes one thing of a hundred requests at once, and gives all of them the same answer', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => make('k3')));
    expect(made.size).toBe(1);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1);
  });

  it.each(['', 'with space', 'a:b', '{a}', 'x'.repeat(129), 'ä', 'a, b'])('refuses the key "%s" by the header, and knows nothing of it', async (key) => {
    const answer = await make(key);
    expect(answer).toMatchObject({ status: 400, body: { code: 'HEADER_INVALID', message: expect.stringContaining('Idempotency-Key'), details: { field: 'Idempotency-Key' } } });
    expect(runs).toBe(0);
  });

  it('knows a key for 24 hours from its first use, and not longer', async () => {
    const first = await make('k4');
    const name = keys.idempotency('acme', '/things', 'k4');
    expect(await redis.ttl(name)).toBeGreaterThan(86_390);
    await redis.expire(name, 100);
    await make('k4');
    expect(await redis.ttl(name)).toBeLessThanOrEqual(100);
    await redis.pexpire(name, 1);
    await waitFor('the end of the key', async () => (await redis.exists(name)) === 0);
    const later = await make('k4', { name: 'another' });
    expect([later.status, replayed(later)]).toEqual([202, null]);
    expect(later.body.thingId).not.toBe(first.body.thingId);
  });

  it('keeps the keys of two tenants apart, and those of two routes', async () => {
    const [acme, other] = [await make('k5'), await as('k5', 'other').post<Thing>('/things', { name: 'b' })];
    expect([acme.status, other.status]).toEqual([202, 202]);
    expect(made.size).toBe(2);
    expect((await make('k5', { size: 1 }, '/things/large')).status).toBe(201);
  });

  it('keeps no error: the next try runs with the same ids', async () => {
    failure = new AppError({ kind: 'limited', code: 'FULL', message: 'Full.' });
    const refused = await make('k6');
    const seed = await recordOf('k6');
    const refusedAgain = await make('k6');
    failure = undefined;
    const taken = await make('k6');
    expect([refused.status, refusedAgain.status, taken.status]).toEqual([429, 429, 202]);
    expect([replayed(refusedAgain), replayed(taken)]).toEqual([null, 'true']);
    expect(JSON.parse((await recordOf('k6'))!)).toMatchObject(JSON.parse(seed!) as object);
  });

  it('frees the key of a request that was wrong, so that it can be put right', async () => {
    expect((await make('k7', { colour: 'red' })).status).toBe(400);
    expect(await recordOf('k7')).toBeNull();
    expect((await make('k7', { name: 'a' })).status).toBe(202);
    expect((await make('k7', { colour: 'red' })).status).toBe(409);
    expect((await make('k7', { name: 'a' })).status).toBe(202);
    expect(runs).toBe(1);
  });

  it('runs a request again that was not answered, with the same ids', async () => {
    const first = await make('k8');
    const { answer: _, ...reserved } = JSON.parse((await recordOf('k8'))!) as { answer: unknown };
    await redis.set(keys.idempotency('acme', '/things', 'k8'), JSON.stringify(reserved), 'KEEPTTL');
    const again = await make('k8');
    expect(again.body).toEqual({ ...first.body, run: 2 });
    expect([replayed(again), made.size]).toEqual(['true', 1]);
    expect((await make('k8')).body).toEqual(again.body);
  });

  it('leaves a handler alone that takes over the reply, and gives it the same ids', async () => {
    const stream = (): Promise<Response> => fetch(`${url}/things/events`, { method: 'POST', headers: { 'x-tenant-id': 'acme', 'idempotency-key': 'k9' } });
    const [first, again] = [await stream(), await stream()];
    expect([first.status, again.status, first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([201, 201, null, 'true']);
    expect(await again.text()).toBe(await first.text());
    expect(JSON.parse((await recordOf('k9', '/things/events'))!)).not.toHaveProperty('answer');
  });

  it('keeps no answer for whoever waits, none that is secret, and none that is large', async () => {
    const twice = async (key: string, path: string, body: object): Promise<number[]> => [(await make(key, body, path)).body.run, (await make(key, body, path)).body.run];
    expect(await twice('k10', '/things?wait=true', { name: 'a' })).toEqual([1, 2]);
    expect(made.size).toBe(1);
    expect(await twice('k11', '/things/secret', {})).toEqual([3, 4]);
    expect(await recordOf('k11', '/things/secret')).not.toContain('thingId');
    expect(await twice('k12', '/things/large', { size: 65_536 })).toEqual([5, 6]);
    expect(await twice('k13', '/things/large', { size: 65_000 })).toEqual([7, 7]);
  });

  it('refuses what no store can keep before it reserves the key', async () => {
    const deep = '{"name":'.repeat(5_000) + '1' + '}'.repeat(5_000);
    expect(await as('k14').call('POST', '/things', deep)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(await recordOf('k14')).toBeNull();
  });

  it('answers with what it has made when Redis goes away before the answer is kept', async () => {
    const lost = connect();
    const lonely = await start(lost);
    const client = new ApiClient(await lonely.getUrl(), { 'x-tenant-id': 'acme', 'idempotency-key': 'k15' });
    const answering = client.post<Thing>('/things', { name: 'a' });
    await waitFor('the handler', () => runs > 0);
    lost.disconnect();
    const { status, body } = await answering;
    expect(status).toBe(202);
    expect(made).toEqual(new Set([body.thingId]));
    expect(await client.post('/things', { name: 'a' })).toMatchObject({ status: 503, body: { code: 'HOT_STORE_UNAVAILABLE', details: { retryAfterMs: expect.any(Number) } } });
    await lonely.close();
  });

  it('asks Redis nothing without the header, or where the handler makes nothing', async () => {
    const lost = connect();
    const lonely = await start(lost);
    await lost.ping();
    lost.disconnect();
    const client = new ApiClient(await lonely.getUrl(), { 'x-tenant-id': 'acme' });
    const answers = [await client.post<Thing>('/things', { name: 'a' }), await client.post<Thing>('/things', { name: 'a' })];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(made.size).toBe(2);
    expect((await client.with({ 'idempotency-key': 'k16' }).post('/things/plain')).status).toBe(201);
    await lonely.close();
  });
});
