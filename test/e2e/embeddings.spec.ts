import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, ErrorAnswer } from '../support/api-client.js';
import { metricOf } from '../support/caches.js';
import { EmbeddingServer, failing, vectorOf } from '../support/embedding-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

interface SeenEmbeddings {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
  readonly model: string;
  readonly usage: { readonly inputTokens: number; readonly savedTokens: number };
  readonly cachedTexts: number;
}

const PATH = '/api/v1/embeddings';
const saved = 'nooble_embedding_texts_total{outcome="saved"}';
const asked = 'nooble_embedding_texts_total{outcome="asked"}';

let server: EmbeddingServer;
let nooble: TestApp;
beforeAll(async () => {
  server = await EmbeddingServer.start();
  nooble = await startTestApp({ OPENAI_BASE_URL: server.url, NOOBLE_EMBEDDING_MODEL: 'tiny' });
});
beforeEach(() => {
  server.takeInputs();
});
afterAll(async () => {
  await nooble.close();
  await server.close();
});

const embed = async <T = SeenEmbeddings>(body: object, tenantId = 'acme', tier = 'enterprise'): Promise<Answer<T>> => nooble.client(tenantId, tier).post<T>(PATH, body);

describe('POST /api/v1/embeddings', () => {
  it('answers with a vector for each text', async () => {
    const { status, body } = await embed({ texts: ['one', '', 'three'] });
    expect([status, body]).toEqual([200, {
      ...{ data: [vectorOf('one'), [], vectorOf('three')].map((embedding, index) => ({ index, embedding })), model: 'tiny', provider: 'openai-compatible', dimensions: 2 },
      ...{ usage: { inputTokens: 8, savedTokens: 0 }, cachedTexts: 0 },
    }]);
    expect((await embed({ texts: ['three', 'four'] })).body).toMatchObject({ usage: { inputTokens: 4, savedTokens: 5 }, cachedTexts: 1 });
    expect(server.takeInputs()).toEqual([['one', 'three'], ['four']]);
  });

  it('asks once for a text that many ask for at once, and says so in the metrics; for another tenant it asks again', async () => {
    const before = { asked: await metricOf(nooble.url, asked), saved: await metricOf(nooble.url, saved) };
    const answers = await Promise.all(Array.from({ length: 20 }, async () => embed({ texts: ['the same', 'the other', 'the same'] }, 'crowd')));
    expect(new Set(answers.map(({ status, body: { data } }) => JSON.stringify([status, data]))).size).toBe(1);
    expect(server.takeInputs()).toEqual([['the same', 'the other']]);
    expect([await metricOf(nooble.url, asked) - before.asked, await metricOf(nooble.url, saved) - before.saved]).toEqual([2, 58]);
    expect((await embed({ texts: ['the same'] }, 'neighbour')).body.cachedTexts).toBe(0);
    expect(server.takeInputs()).toEqual([['the same']]);
  });

  it('is 503 with a way out when the provider fails, and 400 when it refuses', async () => {
    server.reactions.push(failing(500, 'broken'), failing(500, 'broken'), failing(500, 'broken'));
    const { status, headers, body } = await embed<ErrorAnswer>({ texts: ['unlucky'] });
    expect([status, headers.get('retry-after'), body.code, body.message]).toEqual([503, '5', 'EMBEDDING_PROVIDER_FAILED', 'The model provider failed (HTTP 500): broken. Nothing was kept; try again.']);
    server.reactions.push(failing(400, 'too long'));
    expect(await embed({ texts: ['unlucky'] })).toMatchObject({ status: 400, body: { code: 'EMBEDDING_REFUSED' } });
    expect((await embed({ texts: ['unlucky'] })).body.cachedTexts).toBe(0);
  });

  it.each([
    ['free', 10, 2_000],
    ['advance', 25, 4_000],
    ['professional', 50, 8_000],
    ['enterprise', 100, 8_000],
  ])('takes of the tier %s %i texts of %i characters', async (tier, texts, characters) => {
    const tenantId = `limits-${tier}`;
    const most = Array.from({ length: texts }, (_, i) => 'x'.repeat(characters - i));
    expect((await embed({ texts: most }, tenantId, tier)).status).toBe(200);
    expect(await embed({ texts: [...most, ''] }, tenantId, tier)).toMatchObject({ status: 403, body: { code: 'TIER_LIMIT_TEXTS', details: { field: 'texts', limit: 'maxTextsPerEmbedding', maxTextsPerEmbedding: texts } } });
    expect(await embed({ texts: ['', 'x'.repeat(characters + 1)] }, tenantId, tier)).toMatchObject({ status: 403, body: { code: 'TIER_LIMIT_TEXT_LENGTH', details: { field: 'texts[1]', maxCharactersPerText: characters } } });
  });

  it('takes other limits from an administrator', async () => {
    const admin = nooble.client('limited');
    await admin.post('/api/v1/admin/tenants', { tenantId: 'limited', name: 'Limited', tier: 'free' });
    await admin.call('PUT', '/api/v1/admin/tenants/limited/limits', { maxTextsPerEmbedding: 1 });
    expect((await embed({ texts: ['a', 'b'] }, 'limited', 'free')).status).toBe(403);
  });

  it.each<[string, object, number, string]>([
    ['no texts', {}, 400, 'VALIDATION_FAILED'],
    ['an empty list', { texts: [] }, 400, 'VALIDATION_FAILED'],
    ['a number for a text', { texts: ['a', 1] }, 400, 'VALIDATION_FAILED'],
    ['a list of more than 2048', { texts: new Array<string>(2_049).fill('a') }, 400, 'VALIDATION_FAILED'],
    ['a text with half a surrogate pair', { texts: ['\ud800'] }, 400, 'VALIDATION_FAILED'],
    ['an unknown field', { texts: ['a'], input: 'a' }, 400, 'VALIDATION_FAILED'],
    ['an unknown provider', { texts: ['a'], provider: 'other' }, 400, 'VALIDATION_FAILED'],
    ['a model that builtin has not', { texts: ['a'], model: 'builtin/chat' }, 400, 'MODEL_UNKNOWN'],
    ['a model that the tier has not', { texts: ['a'], model: 'large' }, 403, 'MODEL_NOT_IN_TIER'],
  ])('refuses %s', async (_, body, status, code) => {
    expect(await embed(body, 'acme', 'free')).toMatchObject({ status, body: { code } });
    expect(server.takeInputs()).toEqual([]);
  });
});

describe('embedding.generate', () => {
  it('is the same for other programs', async () => {
    const action = { actionType: 'embedding.generate', data: { texts: ['hello world', ''], model: 'builtin/embedding' } };
    const { status, body } = await nooble.client('acme').post<{ data: { embeddings: number[][] } }>('/api/v1/actions?wait=true', action);
    expect([status, body.data.embeddings.map(({ length }) => length)]).toEqual([200, [256, 0]]);
    expect(body).toMatchObject({ data: { model: 'builtin/embedding', provider: 'builtin', dimensions: 256, totalTokens: 2, cachedTexts: 0 } });
  });

  it('is held to the limits of the tier, and says what is wrong', async () => {
    const action = { actionType: 'embedding.generate', data: { texts: new Array<string>(11).fill('a') } };
    expect(await nooble.client('acme', 'free').post('/api/v1/actions?wait=true', action)).toMatchObject({ status: 403, body: { code: 'TIER_LIMIT_TEXTS' } });
  });
});
