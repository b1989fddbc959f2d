import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { PinoLogger } from 'nestjs-pino';
import { EmbeddingMemoStore } from '../../src/modules/knowledge/embedding-memo.store.js';
import { type EmbeddingRequest, type Embeddings, EmbeddingsService } from '../../src/modules/knowledge/embeddings.service.js';
import { EmbeddingModels } from '../../src/modules/knowledge/models/embedding-models.js';
import { limitsOf, type TenantLimits } from '../../src/modules/tenancy/index.js';
import { CacheSettings, ModelSettings } from '../../src/shared/config/index.js';
import { MetricsService } from '../../src/shared/telemetry/index.js';
import { answering, EmbeddingServer, failing, vectorOf } from '../support/embedding-server.js';
import { freePort } from '../support/free-port.js';
import { emptyRedis } from '../support/services.js';

const KEY = 'operator"s/key=';
const LIMITS = { of: async () => Promise.resolve(limitsOf('enterprise')) } as unknown as TenantLimits;

let redis: Redis;
let server: EmbeddingServer;
beforeAll(async () => {
  [redis, server] = [await emptyRedis(), await EmbeddingServer.start()];
});
beforeEach(async () => {
  await redis.flushdb();
  server.takeInputs();
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

/** A process. */
function open(changes: Partial<ModelSettings> = {}, { store = redis, cache = {}, logger = new PinoLogger({ pinoHttp: { level: 'silent' } }) }: { store?: Redis; cache?: Partial<CacheSettings>; logger?: PinoLogger } = {}): (request: EmbeddingRequest, tenantId?: string) => Promise<Embeddings> {
  const settings = Object.assign(new ModelSettings(), { openaiBaseUrl: server.url, openaiApiKey: KEY, defaultEmbeddingModel: 'tiny', embeddingTimeoutSeconds: 10, ...changes });
  const memo = new EmbeddingMemoStore(store, Object.assign(new CacheSettings(), cache), logger);
  const service = new EmbeddingsService(LIMITS, new EmbeddingModels(settings), memo, settings, new MetricsService());
  return async (request, tenantId = 'acme') => service.embed({ tenantId, tier: 'enterprise' }, request);
}

describe('embeddings', () => {
  it('are asked for text by text: only what is missing, each once, in order, with usage', async () => {
    const embed = open();
    expect(await embed({ texts: ['bb', 'a', '', 'bb', 'ccc'] })).toEqual({
      ...{ vectors: [vectorOf('bb'), vectorOf('a'), [], vectorOf('bb'), vectorOf('ccc')], model: 'tiny', provider: 'openai-compatible', dimensions: 2 },
      ...{ inputTokens: 6, savedTokens: 2, cachedTexts: 1 },
    });
    expect(await embed({ texts: ['ccc', 'new!', 'a'] })).toMatchObject({ vectors: [vectorOf('ccc'), vectorOf('new!'), vectorOf('a')], inputTokens: 4, savedTokens: 4, cachedTexts: 2 });
    expect(server.calls[0]).toMatchObject({ path: '/v1/embeddings', authorization: `Bearer ${KEY}`, model: 'tiny' });
    expect(server.takeInputs()).toEqual([['bb', 'a', 'ccc'], ['new!']]);
  });

  it('are different ones for texts that differ in half a character only', async () => {
    expect(await open()({ texts: ['a\ud800', 'a\ud801', 'a\ufffd'] })).toMatchObject({ cachedTexts: 0 });
  });

  it('of nothing are nothing, and nobody is asked', async () => {
    expect(await open()({ texts: ['', ''] })).toMatchObject({ vectors: [[], []], dimensions: 0, inputTokens: 0, savedTokens: 0, cachedTexts: 0 });
    expect([server.takeInputs(), await redis.keys('*')]).toEqual([[], []]);
  });

  it('are kept for every process, for a tenant and a model, without their texts', async () => {
    const text = 'a text that is nobody else’s business';
    const [here, there] = [open(), open()];
    await here({ texts: [text] });
    expect(await there({ texts: [text] })).toMatchObject({ cachedTexts: 1, inputTokens: 0, savedTokens: text.length });
    await there({ texts: [text] }, 'other');
    await there({ texts: [text], model: 'large' });
    expect(server.takeInputs()).toEqual([[text], [text], [text]]);
    const entries = await redis.keys('nb:{acme}:memo:embeddings:e:*');
    const values = await Promise.all(entries.map((key) => redis.get(key)));
    expect([entries.length, values.some((value) => value!.includes('nobody')), values.some((value) => value!.includes('operator'))]).toEqual([2, false, false]);
    expect(await Promise.all(entries.map(async (key) => (await redis.pttl(key)) <= 86_400_000))).toEqual([true, true]);
  });

  it('stay for the time that is set', async () => {
    await open({}, { cache: { embeddingSeconds: 60 } })({ texts: ['a'] });
    const [entry] = await redis.keys('nb:{acme}:memo:embeddings:e:*');
    expect(await redis.pttl(entry!)).toBeLessThanOrEqual(60_000);
    await open({}, { cache: { embeddingSeconds: 0 } })({ texts: ['b'] });
    expect(server.takeInputs()).toEqual([['a'], ['b']]);
  });

  it('that are under way are not asked for twice, in batches that overlap either', async () => {
    const embed = open();
    const answers = await Promise.all([embed({ texts: ['a', 'b'] }), embed({ texts: ['b', 'c'] }), embed({ texts: ['c', 'a'] }), embed({ texts: ['a'] }, 'other')]);
    expect(answers.map(({ vectors, inputTokens, savedTokens, cachedTexts }) => [vectors.length, inputTokens, savedTokens, cachedTexts])).toEqual([[2, 2, 0, 0], [2, 1, 1, 1], [2, 0, 2, 2], [1, 1, 0, 0]]);
    expect(server.takeInputs().map((input) => input.join('')).sort()).toEqual(['a', 'ab', 'c']);
  });

  it('come in the order of the protocol, whatever the order of the answer', async () => {
    server.reactions.push(answering((data) => data.toReversed()), answering((data) => data.map(({ embedding }) => ({ embedding }))), answering(undefined, false));
    const embed = open();
    expect((await embed({ texts: ['a', 'bb', 'ccc'] })).vectors).toEqual(['a', 'bb', 'ccc'].map(vectorOf));
    expect((await embed({ texts: ['d', 'ee'] })).vectors).toEqual(['d', 'ee'].map(vectorOf));
    expect(await embed({ texts: ['f'] })).toMatchObject({ vectors: [vectorOf('f')], inputTokens: 0, savedTokens: 0 });
  });

  it('of a model that has become another one under its name are asked for again, all of them', async () => {
    const embed = open();
    await embed({ texts: ['a', 'b'] });
    const longer = answering((data) => data.map(({ index, embedding }) => ({ index, embedding: [...embedding, 1] })));
    server.reactions.push(longer, longer);
    expect(await embed({ texts: ['a', 'b', 'c'] })).toMatchObject({ dimensions: 3, vectors: ['a', 'b', 'c'].map((text) => [...vectorOf(text), 1]), cachedTexts: 0, savedTokens: 0 });
    expect(server.takeInputs()).toEqual([['a', 'b'], ['c'], ['a', 'b', 'c']]);
  });

  it('are computed without a provider, too', async () => {
    const embed = open({ openaiBaseUrl: '', defaultEmbeddingModel: 'builtin/embedding' });
    expect(await embed({ texts: ['two words'] })).toMatchObject({ provider: 'builtin', model: 'builtin/embedding', dimensions: 256, inputTokens: 2 });
    expect(await embed({ texts: ['two words'] })).toMatchObject({ inputTokens: 0, savedTokens: 2, cachedTexts: 1 });
  });
});

describe('embeddings in bad times', () => {
  const FAILURES: Readonly<Record<string, { readonly reactions: EmbeddingServer['reactions']; readonly code?: string; readonly words: string | RegExp }>> = {
    'a failure that stays': { reactions: [failing(503, 'overloaded'), failing(503, 'overloaded'), failing(500, `broken, key ${KEY}`)], words: 'HTTP 500): broken, key [secret]. Nothing was kept' },
    'a key that is refused': { reactions: [failing(401, 'Incorrect API key')], words: '(HTTP 401): Incorrect API key. Nothing was kept, and trying again soon will not help: the server’s operator has to look at OPENAI_API_KEY.' },
    'a key that may not': { reactions: [failing(403, 'No access')], words: 'the server’s operator has to look at OPENAI_API_KEY' },
    'a model that there is not': { reactions: [failing(404, 'no such model')], code: 'EMBEDDING_REFUSED', words: 'no such model. Nothing was kept; name another model' },
    'too few vectors': { reactions: [answering((data) => data.slice(1))], words: 'Expected 2 embeddings, but received 1' },
    'vectors of different lengths': { reactions: [answering((data) => data.map(({ index, embedding }) => ({ index, embedding: embedding.slice(index) })))], words: /^The model provider sent vectors of different lengths\. Nothing was kept; try again, and if it stays so, name another model\.$/ },
    'vectors without numbers': { reactions: [answering((data) => data.map(({ index }) => ({ index, embedding: [] })))], words: 'without numbers' },
    'no vectors': { reactions: [answering(() => [{ embedding: 'x' }, {}])], words: 'no part of an answer' },
    'no answer of the protocol': { reactions: [(response) => response.end('<html>')], words: 'no part of an answer: <html>' },
  };
  it.each(Object.keys(FAILURES))('are an error, once for all who wait, and nothing is kept: %s', async (name) => {
    const { reactions, code = 'EMBEDDING_PROVIDER_FAILED', words } = FAILURES[name]!;
    const kind = code === 'EMBEDDING_REFUSED' ? 'invalid' : 'unavailable';
    server.reactions.push(...reactions);
    const embed = open();
    const failed = await Promise.allSettled([embed({ texts: ['a', 'b'] }), embed({ texts: ['b'] })]);
    for (const outcome of failed) expect(outcome).toMatchObject({ status: 'rejected', reason: { kind, code, message: typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words) } });
    expect(server.takeInputs()).toHaveLength(reactions.length);
    expect(await redis.keys('nb:*')).toEqual([]);
    expect(await embed({ texts: ['a', 'b'] })).toMatchObject({ cachedTexts: 0, vectors: [vectorOf('a'), vectorOf('b')] });
  });

  it('are asked for again when the provider was busy', async () => {
    server.reactions.push(failing(429, 'busy'), failing(503, 'overloaded'));
    expect(await open()({ texts: ['a'] })).toMatchObject({ vectors: [vectorOf('a')], inputTokens: 1 });
    expect(server.takeInputs()).toHaveLength(3);
  });

  it('are given up in time', async () => {
    server.reactions.push(() => undefined);
    await expect(open({ embeddingTimeoutSeconds: 0.1 })({ texts: ['a'] })).rejects.toMatchObject({ kind: 'unavailable', code: 'EMBEDDING_TIMED_OUT', details: { retryAfterMs: 5_000 } });
    expect(await redis.keys('nb:*')).toEqual([]);
  });

  it('are made without Redis, and kept nowhere', async () => {
    const away = new Redis({ host: '127.0.0.1', port: await freePort(), maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true });
    away.on('error', () => undefined);
    const embed = open({}, { store: away });
    expect([(await embed({ texts: ['a', 'b'] })).vectors, (await embed({ texts: ['a', 'b'] })).cachedTexts]).toEqual([[vectorOf('a'), vectorOf('b')], 0]);
    expect(server.takeInputs()).toEqual([['a', 'b'], ['a', 'b']]);
    away.disconnect();
  });

  it('are made when Redis hangs, which is waited for as long as CACHE_DEADLINE_MS says', async () => {
    const hanging = createServer((socket) => socket.resume());
    await once(hanging.listen(0, '127.0.0.1'), 'listening');
    const store = new Redis((hanging.address() as AddressInfo).port, { retryStrategy: null });
    store.on('error', () => undefined);
    const notes: { err?: Error }[] = [];
    const logger = { debug: (note: { err?: Error }) => notes.push(note) } as unknown as PinoLogger;
    expect((await open({}, { store, cache: { deadlineMs: 60 }, logger })({ texts: ['a'] })).vectors).toEqual([vectorOf('a')]);
    expect(new Set(notes.map(({ err }) => err?.message))).toEqual(new Set(['The backend of a cache did not answer within 60 ms.']));
    store.disconnect();
    hanging.close();
  });
});
