import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { freePort } from '../support/free-port.js';
import { type WholeAnswer, postOnce, postUntilAnswered } from '../support/retrying-client.js';
import { SeededRandom } from '../support/seeded-random.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const { RETRY_SEED = String(randomInt(1, 1_000_000)), RETRY_KILLS = '5' } = process.env;
const KILLS = Number(RETRY_KILLS);
/** Requests that are under way when a server is killed, at different steps: one begins every so many milliseconds. */
const [AT_ONCE, EVERY_MS] = [14, 4];
const TIMEOUT_MS = 60_000 + KILLS * 20_000;

interface Ids {
  readonly executionId: string;
  readonly conversationId: string;
  readonly sessionId: string;
}

/** One client with one key: what it was answered. */
interface Retried {
  readonly key: string;
  readonly tries: number;
  readonly answers: readonly WholeAnswer[];
}

describe('a turn that is sent until it is answered', () => {
  const random = new SeededRandom(Number(RETRY_SEED));
  const headers = { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' };
  let database: TestDatabase;
  let redis: Redis;
  let worker: ServerProcess;
  let survivor: ServerProcess;
  let url: string;
  let path: string;
  let acme: ApiClient;

  const start = (role: string): Promise<ServerProcess> => ServerProcess.start({ NOOBLE_ROLE: role, DATABASE_URL: database.url, REDIS_URL: redisUrl, LOG_LEVEL: 'warn' });

  beforeAll(async () => {
    [database, redis] = await Promise.all([createDatabase(), emptyRedis()]);
    [worker, survivor] = await Promise.all([start('worker'), start('api')]);
    url = await survivor.url();
    acme = await survivor.client('acme');
    path = `/api/v1/agents/${await createAgent(acme, '@tokens 5\n@delay 5')}/executions`;
  }, 120_000);
  afterAll(async () => {
    await Promise.all([worker.end('SIGKILL'), survivor.end('SIGKILL')]);
    redis.disconnect();
    await database.drop();
  });

  const bodyOf = (key: string): object => ({ message: `message of ${key}`, sessionId: `session-${key}` });
  const keyed = (key: string): Record<string, string> => ({ ...headers, 'idempotency-key': key });
  /** Once more when it is over, undisturbed. */
  const again = async (key: string, query: string): Promise<WholeAnswer> => (await postUntilAnswered(() => url + path + query, keyed(key), bodyOf(key))).answer;

  const expectOneTurn = async ({ key, answers }: Retried): Promise<void> => {
    const ids = answers.map(({ text }) => JSON.parse(text) as Ids);
    expect(answers.map(({ status }) => [202, 200].includes(status))).toEqual(answers.map(() => true));
    expect(new Set(ids.map(({ executionId, conversationId }) => `${executionId} ${conversationId}`)).size).toBe(1);
    const { executionId, conversationId } = ids[0]!;
    const events = await acme.events(executionId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ type }) => /^execution\.(queued|completed|failed|cancelled|timedOut)$/.test(type)).map(({ type }) => type)).toEqual(['execution.queued', 'execution.completed']);
    const messages = (await acme.get<{ data: { role: string; content: string; messageId: string }[] }>(`/api/v1/conversations/${conversationId}/messages?after=0`)).body.data;
    expect(messages.map(({ messageId, content }) => [messageId, content])).toEqual([[`${executionId}.user`, `message of ${key}`], [`${executionId}.assistant`, 'word1 word2 word3 word4 word5']]);
    const runs = await redis.zrange(`nb:{acme}:session:session-${key}:runs`, 0, -1);
    expect(runs).toEqual([executionId]);
  };

  it('over connections that are cut before it, in it, behind it and in its answer is one turn', async () => {
    const [proxy, nobody] = [await TcpProxy.inFrontOf(Number(new URL(url).port)), await freePort()];
    // A third of the connections die with their first answer bytes, a third in the middle, and some as soon as they speak.
    proxy.cutsAfter = () => random.pick([0, random.int(700), Infinity]);
    proxy.onClientData = (_, client) => {
      if (random.int(4) === 0) client.destroy();
    };
    const urlOf = (query: string): string => random.pick([`http://127.0.0.1:${String(proxy.port)}`, `http://127.0.0.1:${String(proxy.port)}`, `http://127.0.0.1:${String(nobody)}`]) + path + query;
    const retried = await Promise.all(Array.from({ length: 60 }, async (_, i): Promise<Retried> => {
      const [key, query] = [`cut-${String(i)}`, i % 3 === 0 ? '?wait=true' : ''];
      const { answer, tries } = await postUntilAnswered(() => urlOf(query), keyed(key), bodyOf(key));
      return { key, tries, answers: [answer, await again(key, query)] };
    }));
    await proxy.close();
    for (const one of retried) await expectOneTurn(one);
    say('cut', retried);
    expect(retried.filter(({ tries }) => tries > 1).length).toBeGreaterThan(10);
  }, TIMEOUT_MS);

  it('to servers that are killed with -9 at whatever step, and then to another one, is one turn', async () => {
    const retried: Retried[] = [];
    let next = start('api');
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = await next;
      const victimUrl = await victim.url();
      await postOnce(`${victimUrl}${path}`, keyed(`warm-${String(kill)}`), bodyOf(`warm-${String(kill)}`));
      const sending = Array.from({ length: AT_ONCE }, async (_, i): Promise<Retried> => {
        const key = `killed-${String(kill)}-${String(i)}`;
        await sleep(i * EVERY_MS);
        const { answer, tries } = await postUntilAnswered((nth) => (nth === 0 ? victimUrl : url) + path, keyed(key), bodyOf(key));
        return { key, tries, answers: [answer, await again(key, '')] };
      });
      await sleep(random.int(AT_ONCE * EVERY_MS) + 10);
      await victim.end('SIGKILL');
      if (kill + 1 < KILLS) next = start('api');
      retried.push(...(await Promise.all(sending)));
    }
    for (const one of retried) await expectOneTurn(one);
    say('killed', retried);
    expect(retried.some(({ tries }) => tries > 1)).toBe(true);
  }, TIMEOUT_MS);

  function say(what: string, retried: readonly Retried[]): void {
    const tries = retried.reduce((sum, one) => sum + one.tries, 0);
    process.stdout.write(`retried runs, ${what}: RETRY_SEED=${RETRY_SEED} RETRY_KILLS=${RETRY_KILLS}: ${String(retried.length)} turns, ${String(tries)} tries\n`);
  }
});
