import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { AGENTS, EditedAgent, FULL, type SeenAgents, UNKNOWN_ID, faults, refusal } from '../support/edited-agent.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

describe('agents', () => {
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

  describe('an edit', () => {
    it('changes what it names, keeps everything else, and is the next version', async () => {
      const before = await edited.read();
      expect(before).toMatchObject({ ...FULL, version: 1, isActive: true });
      const after = await edited.edit({ name: 'Scout', maxTokens: 20 });
      expect(after).toEqual({ ...before, name: 'Scout', maxTokens: 20, version: 2, updatedAt: after.updatedAt });
      expect(await edited.read()).toEqual(after);
      expect(new Date(after.updatedAt) >= new Date(before.updatedAt)).toBe(true);
    });

    it.each<[string, unknown]>([
      ...([['name', 'Other'], ['slug', 'other'], ['description', 'Other'], ['type', 'conversational'], ['systemPrompt', ''], ['background', 'Other'], ['temperature', 1.5]] as [string, unknown][]),
      ...([['maxTokens', 1], ['tools', ['calculator', 'datetime']], ['collections', []], ['maxIterations', 100], ['maxHistoryMessages', 1_000], ['isPublic', false], ['isActive', false]] as [string, unknown][]),
      ...([['minimumTier', 'free'], ['tags', ['c']], ['description', null], ['background', null]] as [string, unknown][]),
    ])('may name only %s, as %j', async (field, value) => {
      const before = await edited.read();
      const after = await edited.edit({ [field]: value });
      expect(after).toEqual({ ...before, [field]: value, version: 2, updatedAt: after.updatedAt });
    });

    it('leaves temperature 0 at 0, and can set it', async () => {
      expect((await edited.edit({ name: 'Scout' })).temperature).toBe(0);
      await edited.edit({ temperature: 0.7 });
      expect((await edited.edit({ temperature: 0 })).temperature).toBe(0);
    });

    it('that names the agent by a UUID in capitals is one of the same agent', async () => {
      const { agentId } = edited;
      expect(await acme.patch(`${AGENTS}/${agentId.toUpperCase()}`, { name: 'Scout' })).toMatchObject({ status: 200, body: { agentId, version: 2 } });
    });

    it('counts for the next run', async () => {
      await edited.edit({ systemPrompt: '@tokens 2' });
      const { executionId } = await edited.run();
      const events = await acme.events(executionId);
      expect(events.find(({ type }) => type === 'context.resolved')?.data).toMatchObject({ agentVersion: 2 });
    });

    it('that switches the agent off lets nobody run it until it is switched on', async () => {
      await edited.edit({ isActive: false });
      expect(await refusal(acme, 'POST', `${edited.path}/executions`, { message: 'hi' })).toEqual([403, 'AGENT_INACTIVE']);
      await edited.edit({ isActive: true });
      expect((await acme.post(`${edited.path}/executions`, { message: 'hi' })).status).toBe(202);
    });

    it('at once with others is lost by none of them: each has a version of its own and all fields stay', async () => {
      const edits = [{ name: 'Scout' }, { systemPrompt: 'Be long.' }, { temperature: 1 }, { tags: ['z'] }, { maxTokens: 99 }, { isPublic: false }];
      const answers = await Promise.all(edits.map((body) => edited.edit(body)));
      expect(answers.map(({ version }) => version).sort()).toEqual([2, 3, 4, 5, 6, 7]);
      expect(await edited.read()).toMatchObject({ ...FULL, ...Object.assign({}, ...edits), version: 7 });
      expect((await edited.versions()).data.map(({ version }) => version)).toEqual([7, 6, 5, 4, 3, 2, 1]);
    });
  });

  describe('the model of an edit', () => {
    it.each([
      ['another model without a provider is looked for where its name says', [{ model: 'gpt-x' }], 'openai-compatible', 'gpt-x'],
      ['and back', [{ model: 'gpt-x' }, { model: 'builtin/chat' }], 'builtin', 'builtin/chat'],
      ['another provider without a model has its default', [{ provider: 'openai-compatible' }], 'openai-compatible', 'default-model'],
      ['and back', [{ model: 'gpt-x' }, { provider: 'builtin' }], 'builtin', 'builtin/chat'],
      ['the same provider keeps the model', [{ model: 'gpt-x' }, { provider: 'openai-compatible' }], 'openai-compatible', 'gpt-x'],
      ['the same model keeps the provider', [{ model: 'builtin/x', provider: 'openai-compatible' }, { model: 'builtin/x' }], 'openai-compatible', 'builtin/x'],
      ['both are taken as they are', [{ model: 'builtin/x', provider: 'openai-compatible' }], 'openai-compatible', 'builtin/x'],
    ])('%s', async (_, edits, provider, model) => {
      for (const body of edits) await edited.edit(body);
      expect(await edited.read()).toMatchObject({ provider, model });
    });

    it.each([
      ['a model that builtin does not have', { model: 'builtin/x' }, 'MODEL_UNKNOWN', 'model'],
      ['a model that the named builtin does not have', { provider: 'builtin', model: 'gpt-x' }, 'MODEL_UNKNOWN', 'model'],
    ])('%s is refused, and nothing changes', async (_, body, code, field) => {
      const answer = await acme.patch<ErrorAnswer>(edited.path, body);
      expect(answer).toMatchObject({ status: 400, body: { code, details: { field } } });
      expect((await edited.read()).version).toBe(1);
    });
  });

  describe('an edit that is refused', () => {
    it.each([
      ['an unknown field', { colour: 'red' }, 'colour'],
      ['the version', { version: 7 }, 'version'],
      ['the id', { agentId: UNKNOWN_ID }, 'agentId'],
      ['an empty name', { name: '' }, 'name'],
      ['a name that is null', { name: null }, 'name'],
      ['a slug that is null', { slug: null }, 'slug'],
      ['an ill-formed slug', { slug: 'A b' }, 'slug'],
      ['a description that is too long', { description: 'x'.repeat(2_001) }, 'description'],
      ['an unknown type', { type: 'oracle' }, 'type'],
      ['a prompt that is null', { systemPrompt: null }, 'systemPrompt'],
      ['an unknown provider', { provider: 'magic' }, 'provider'],
      ['a model that is null', { model: null }, 'model'],
      ['a temperature out of range', { temperature: 3 }, 'temperature'],
      ['a temperature that is null', { temperature: null }, 'temperature'],
      ['no tokens', { maxTokens: 0 }, 'maxTokens'],
      ['an unknown tool', { tools: ['sudo'] }, 'tools'],
      ['a tool twice', { tools: ['datetime', 'datetime'] }, 'tools'],
      ['collections that are no UUIDs', { collections: ['x'] }, 'collections'],
      ['no iterations', { maxIterations: 0 }, 'maxIterations'],
      ['no messages', { maxHistoryMessages: 0 }, 'maxHistoryMessages'],
      ['a text for a boolean', { isPublic: 'yes' }, 'isPublic'],
      ['a switch that is null', { isActive: null }, 'isActive'],
      ['an unknown tier', { minimumTier: 'gold' }, 'minimumTier'],
      ['tags that are no texts', { tags: [1] }, 'tags'],
    ])('for %s names the field, and nothing changes', async (_, body, field) => {
      expect(await faults(acme, 'PATCH', edited.path, { background: 'changed', ...body })).toEqual([400, 'VALIDATION_FAILED', [field]]);
      expect(await edited.read()).toMatchObject({ ...FULL, version: 1 });
    });

    it.each([['an empty object', {}], ['nothing', undefined], ['null', null]])('for being %s says what to send', async (_, body) => {
      const answer = await acme.call<ErrorAnswer>('PATCH', edited.path, body);
      expect(answer).toMatchObject({ status: 400, body: { code: 'AGENT_EDIT_EMPTY', message: expect.stringContaining('send at least one field') } });
      expect((await edited.read()).version).toBe(1);
    });

    it.each([['the type rag', { type: 'rag' }, 'type'], ['collections', { collections: [UNKNOWN_ID] }, 'collections']])('for %s says what is missing', async (_, body, field) => {
      expect(await acme.patch(edited.path, body)).toMatchObject({ status: 400, body: { code: 'AGENT_TYPE_UNSUPPORTED', details: { field } } });
      expect((await edited.read()).version).toBe(1);
    });

    it('for a slug that another agent has is a conflict, and neither changes', async () => {
      await createAgent(acme, '', { slug: 'taken' });
      expect(await acme.patch(edited.path, { slug: 'taken', name: 'Scout' })).toMatchObject({ status: 409, body: { code: 'AGENT_SLUG_TAKEN', message: expect.stringContaining('"taken"'), details: { field: 'slug' } } });
      expect(await edited.read()).toMatchObject({ ...FULL, version: 1 });
      expect((await edited.versions()).total).toBe(1);
      await edited.edit({ slug: 'guide', name: 'Scout' });
    });

    it('for a slug that another one takes at the same moment is a conflict: one of them has it', async () => {
      const other = await createAgent(acme);
      const answers = await Promise.all([edited.path, `${AGENTS}/${other}`].map((path) => acme.patch<ErrorAnswer>(path, { slug: 'wanted' })));
      answers.push(await acme.post<ErrorAnswer>(AGENTS, { name: 'x', slug: 'wanted' }));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    });

    it('does not mind what another tenant calls its agents', async () => {
      await createAgent(nooble.client(newId()), '', { slug: 'elsewhere' });
      expect((await edited.edit({ slug: 'elsewhere' })).slug).toBe('elsewhere');
    });
  });

  describe('a deleted agent', () => {
    it('is gone from every route, and deleting it again finds nothing', async () => {
      const answer = await acme.delete(edited.path);
      expect([answer.status, answer.body]).toEqual([204, undefined]);
      const refusals = await Promise.all([
        ...[refusal(acme, 'DELETE', edited.path), refusal(acme, 'GET', edited.path), refusal(acme, 'PATCH', edited.path, { name: 'x' }), refusal(acme, 'GET', `${edited.path}/versions`)],
        ...[refusal(acme, 'POST', `${edited.path}/versions/1/activate`), refusal(acme, 'POST', `${edited.path}/executions`, { message: 'hi' })],
      ]);
      expect(refusals).toEqual(Array.from({ length: 6 }, () => [404, 'AGENT_NOT_FOUND']));
      expect((await acme.get<SeenAgents>(AGENTS)).body).toEqual({ data: [], nextCursor: null, total: 0 });
    });

    it('leaves its slug to others, again and again', async () => {
      for (let i = 0; i < 3; i++) {
        await acme.delete(edited.path);
        edited = await EditedAgent.create(acme);
      }
      expect((await acme.get<SeenAgents>(AGENTS)).body.data.map(({ slug }) => slug)).toEqual(['guide']);
      expect(await refusal(acme, 'POST', AGENTS, { name: 'x', slug: 'guide' })).toEqual([409, 'AGENT_SLUG_TAKEN']);
    });

    it('stays in the database with its versions', async () => {
      await edited.edit({ name: 'Scout' });
      await acme.delete(edited.path);
      expect(await nooble.database.query('SELECT name, version FROM agents WHERE agent_id = $1 AND deleted_at IS NOT NULL', [edited.agentId])).toEqual([{ name: 'Scout', version: 2 }]);
      expect(await nooble.database.query("SELECT version, definition->>'name' AS name FROM agent_versions WHERE agent_id = $1 ORDER BY 1", [edited.agentId])).toEqual([{ version: 1, name: 'Guide' }, { version: 2, name: 'Scout' }]);
    });

    it('leaves its conversations, executions and events readable', async () => {
      const { agentId } = edited;
      const { executionId, conversationId } = await edited.run();
      await acme.events(executionId);
      await acme.delete(edited.path);
      expect(await acme.get(`/api/v1/executions/${executionId}`)).toMatchObject({ status: 200, body: { agentId, status: 'completed', agentVersion: 1 } });
      expect((await acme.events(executionId)).at(-1)?.type).toBe('execution.completed');
      expect(await acme.get(`/api/v1/crm/conversations/${conversationId}`)).toMatchObject({ status: 200, body: { agentId, messageCount: 2 } });
    });

    it('fails a run of it that was accepted before, and says why', async () => {
      const queue = nooble.app.get<Queue>(getQueueToken('execution.agent_run'), { strict: false });
      await queue.pause();
      const { executionId } = await edited.run();
      await acme.delete(edited.path);
      await queue.resume();
      expect((await acme.events(executionId)).at(-1)).toMatchObject({ type: 'execution.failed', data: { error: { code: 'AGENT_NOT_FOUND' } } });
    });

    it('deleted and edited at once is deleted', async () => {
      const answers = await Promise.all([acme.patch(edited.path, { name: 'Scout' }), acme.delete(edited.path), acme.delete(edited.path)]);
      expect(answers.slice(1).map(({ status }) => status).sort()).toEqual([204, 404]);
      expect([200, 404]).toContain(answers[0].status);
      expect(await refusal(acme, 'GET', edited.path)).toEqual([404, 'AGENT_NOT_FOUND']);
    });
  });

  describe("another tenant's agent", () => {
    it('is not found on any route, and stays as it is', async () => {
      const before = await edited.read();
      const other = nooble.client(newId());
      const { path } = edited;
      const answers = await Promise.all([
        ...[other.get(path), other.patch(path, { name: 'x' }), other.delete(path), other.get(`${path}/versions`)],
        ...[other.post(`${path}/versions/1/activate`), other.post(`${path}/executions`, { message: 'hi' })],
      ]);
      for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'AGENT_NOT_FOUND', details: { field: 'agentId' } } });
      expect(await edited.read()).toEqual(before);
    });

    it.each([
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/versions'],
      ['POST', '/versions/1/activate'],
    ])('and one that never was, or whose id is no UUID, are told apart: %s …%s', async (method, rest) => {
      const body = method === 'PATCH' ? { name: 'x' } : undefined;
      expect(await refusal(acme, method, `${AGENTS}/${UNKNOWN_ID}${rest}`, body)).toEqual([404, 'AGENT_NOT_FOUND']);
      expect(await faults(acme, method, `${AGENTS}/nobody${rest}`, body)).toEqual([400, 'VALIDATION_FAILED', ['agentId']]);
    });
  });
});
