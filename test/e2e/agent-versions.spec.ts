import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { EditedAgent, type SeenAgent, faults } from '../support/edited-agent.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

describe('versions of agents', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let edited: EditedAgent;

  beforeAll(async () => {
    nooble = await startTestApp({ OPENAI_BASE_URL: 'http://127.0.0.1:9', NOOBLE_MODEL: 'default-model' });
  });
  afterAll(async () => {
    await nooble.close();
  });
  // A tenant for each test: lists and slugs of one do not meet those of another.
  beforeEach(async () => {
    acme = nooble.client(newId());
    edited = await EditedAgent.create(acme);
  });

  describe('the versions', () => {
    it('are all there, newest first, each as it was', async () => {
      const first = await edited.read();
      const second = await edited.edit({ systemPrompt: 'two', temperature: 1 });
      const third = await edited.edit({ description: null, isActive: false });
      const asVersion = ({ createdAt: _, updatedAt, ...rest }: SeenAgent): object => ({ ...rest, createdAt: updatedAt });
      expect(await edited.versions()).toEqual({ data: [third, second, first].map(asVersion), nextCursor: null, total: 3 });
    });

    it('come in pages, without gaps and without doubles', async () => {
      for (let i = 0; i < 4; i++) await edited.edit({ name: `Name ${String(i)}` });
      const first = await edited.versions('?limit=2');
      const second = await edited.versions(`?limit=2&cursor=${String(first.nextCursor)}`);
      const third = await edited.versions(`?limit=2&cursor=${String(second.nextCursor)}`);
      expect([first, second, third].map(({ data, total }) => [data.map(({ version }) => version), total])).toEqual([[[5, 4], 5], [[3, 2], 5], [[1], 5]]);
      expect(third.nextCursor).toBeNull();
    });

    it.each([
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['cursor=x', 'cursor'],
      ['cursor=', 'cursor'],
      ['cursor=2147483648', 'cursor'],
      ['tag=x', 'tag'],
    ])('with ?%s are refused by name', async (query, field) => {
      expect(await faults(acme, 'GET', `${edited.path}/versions?${query}`)).toEqual([400, 'VALIDATION_FAILED', [field]]);
    });

    it('can be gone back to: a new version says what the old one said, and the history grows', async () => {
      const first = await edited.read();
      await edited.edit({ name: 'Scout', temperature: 1, description: null, tags: [], model: 'gpt-x' });
      const answer = await acme.post<SeenAgent>(`${edited.path}/versions/1/activate`);
      expect([answer.status, answer.body]).toEqual([200, { ...first, version: 3, updatedAt: answer.body.updatedAt }]);
      expect(await edited.read()).toEqual(answer.body);
      expect((await edited.versions()).data.map(({ version, name }) => [version, name])).toEqual([[3, 'Guide'], [2, 'Scout'], [1, 'Guide']]);
      expect((await acme.post<SeenAgent>(`${edited.path}/versions/2/activate`)).body).toMatchObject({ version: 4, name: 'Scout', temperature: 1, description: null, model: 'gpt-x', provider: 'openai-compatible' });
    });

    it('leave the switch alone when they are gone back to', async () => {
      await edited.edit({ isActive: false });
      expect((await acme.post<SeenAgent>(`${edited.path}/versions/1/activate`)).body).toMatchObject({ version: 3, isActive: false });
      await edited.edit({ isActive: true });
      expect((await acme.post<SeenAgent>(`${edited.path}/versions/2/activate`)).body).toMatchObject({ version: 5, isActive: true });
    });

    it('gone back to and edited at once lose nothing', async () => {
      await edited.edit({ systemPrompt: 'two' });
      const { path } = edited;
      const answers = await Promise.all([acme.post<SeenAgent>(`${path}/versions/1/activate`), acme.patch<SeenAgent>(path, { name: 'Scout' }), acme.post<SeenAgent>(`${path}/versions/2/activate`)]);
      expect(answers.map(({ body }) => body.version).sort()).toEqual([3, 4, 5]);
      expect((await edited.versions()).total).toBe(5);
    });

    it('that are not there are refused, saying how to list them', async () => {
      const answer = await acme.post<ErrorAnswer>(`${edited.path}/versions/2/activate`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'AGENT_VERSION_NOT_FOUND', message: expect.stringContaining(`GET ${edited.path}/versions`), details: { field: 'version' } } });
      expect((await edited.read()).version).toBe(1);
    });

    it.each(['0', '-1', '1.5', 'x', '2147483648'])('have no number such as %s', async (version) => {
      expect(await faults(acme, 'POST', `${edited.path}/versions/${version}/activate`)).toEqual([400, 'VALIDATION_FAILED', ['version']]);
    });

    it('whose slug another agent has by now are a conflict', async () => {
      await edited.edit({ slug: 'moved' });
      await createAgent(acme, '', { slug: 'guide' });
      expect(await acme.post(`${edited.path}/versions/1/activate`)).toMatchObject({ status: 409, body: { code: 'AGENT_SLUG_TAKEN', details: { field: 'slug' } } });
      expect(await edited.read()).toMatchObject({ slug: 'moved', version: 2 });
    });
  });
});
