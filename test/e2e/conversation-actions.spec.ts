import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Bull, { type Queue } from 'bull';
import { type ActionAnsweredData, type AnsweredType, type CallbackAction, newId } from '../../src/contracts/index.js';
import { ActionBus, type NewAction } from '../../src/shared/actions/index.js';
import { toAppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenMessage } from '../support/conversations.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

type Fields = Readonly<Record<string, unknown>>;
/** What an action is answered with: its data, or the code of its error. */
type Told = { readonly data: Record<string, unknown> } | { readonly code: string };

const ANSWERS = 'program.answers';

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;
let answers: Queue<CallbackAction<'action.answered'>>;
const heard = new Map<string, CallbackAction<'action.answered'>>();

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, NOOBLE_MODEL: 'llama3-8b-8192' });
  acme = nooble.client('acme');
  all = new Conversations(acme);
  answers = new Bull(ANSWERS, redisUrl, { prefix: keys.queues() });
  void answers.process((job) => {
    heard.set(job.data.correlationId ?? '', job.data);
    return Promise.resolve();
  });
});
afterAll(async () => {
  await answers.close();
  await nooble.close();
});

/** As another program puts it into the queue, with nothing of ours in between. @returns the answer on the queue that it names */
async function addRaw(actionType: AnsweredType, fields: Fields): Promise<CallbackAction<'action.answered'>> {
  const queue = new Bull(actionType, redisUrl, { prefix: keys.queues() });
  const correlationId = newId();
  try {
    const envelope = { actionId: newId(), taskId: newId(), tenantId: 'acme', tenantTier: 'enterprise', metadata: {}, createdAt: new Date().toISOString() };
    await queue.add({ ...envelope, actionType, correlationId, callbackQueueName: ANSWERS, ...fields });
    return await waitFor('the answer', () => heard.get(correlationId));
  } finally {
    await queue.close();
  }
}

function toldBy({ success, data, error }: ActionAnsweredData): Told {
  expect([data === null, error === null]).toEqual([!success, success]);
  return error ? { code: error.code } : { data: data as Record<string, unknown> };
}

const WAYS: Readonly<Record<string, (type: AnsweredType, fields: Fields) => Promise<Told>>> = {
  'over REST': async (actionType, fields) => {
    const { status, body } = await acme.post<ErrorAnswer & { data: Record<string, unknown> }>('/api/v1/actions?wait=true', { actionType, ...fields });
    return status === 200 ? { data: body.data } : { code: body.code };
  },
  'over the bus': async (type, fields) => {
    const action = { tenantId: 'acme', tenantTier: 'enterprise', ...fields } as unknown as NewAction<AnsweredType>;
    const answer = nooble.app.get(ActionBus, { strict: false }).request(type, action);
    return answer.then((data) => ({ data: data as unknown as Record<string, unknown> }), (thrown: unknown) => ({ code: toAppError(thrown).code }));
  },
  'put into the queue': async (type, fields) => toldBy((await addRaw(type, fields)).data),
};

describe.each(Object.keys(WAYS))('conversation actions %s (bug 1)', (way) => {
  const ask = WAYS[way]!;
  const save = (fields: Fields, data: Fields = {}): Promise<Told> => ask('conversation.save_message', { ...fields, data: { role: 'user', content: 'one two three four five six', ...data } });
  const placed = (): { readonly sessionId: string; readonly agentId: string } => ({ sessionId: newId(), agentId: newId() });
  const idOf = (told: Told): string => ('data' in told ? String(told.data['conversationId']) : told.code);

  it('save_message begins a conversation for each session and agent, and later ones join it (75)', async () => {
    const [place, actionId] = [placed(), newId()];
    const first = await save({ ...place, actionId, userId: 'ann' }, { metadata: { n: 1 } });
    expect(first).toEqual({ data: { conversationId: expect.stringMatching(/^[0-9a-f-]{36}$/), messageId: actionId, seq: 1, tokensUsed: 7 } });
    expect(await save(place, { role: 'assistant', content: 'two' })).toMatchObject({ data: { conversationId: idOf(first), seq: 2 } });
    expect(await all.get(idOf(first))).toMatchObject({ ...place, status: 'active', userId: 'ann', model: 'llama3-8b-8192', messageCount: 2 });
    expect((await all.page(idOf(first), 'after=0')).data).toMatchObject([{ role: 'user', agentId: place.agentId, metadata: { n: 1 } }, { role: 'assistant', content: 'two' }]);
    expect(idOf(await save({ ...place, agentId: newId() }))).not.toBe(idOf(first));
    expect(idOf(await save({ ...place, sessionId: newId() }, { model: 'gpt-4' }))).not.toBe(idOf(first));
  });

  it('save_message twice is one message, and another one under its id is refused', async () => {
    const place = { ...placed(), actionId: newId() };
    const told = await save(place);
    expect(await save(place)).toEqual(told);
    expect(await save({ ...place, actionId: newId() }, { messageId: place.actionId })).toEqual(told);
    expect(await save(place, { content: 'something else' })).toEqual({ code: 'MESSAGE_ID_TAKEN' });
    expect((await all.get(idOf(told))).messageCount).toBe(1);
  });

  it('save_message takes the sender’s count of tokens, and counts itself without one (76)', async () => {
    const place = placed();
    const tokens = async (data: Fields): Promise<unknown> => {
      const told = await save(place, data);
      return 'data' in told && told.data['tokensUsed'];
    };
    expect([await tokens({}), await tokens({ tokensEstimate: 42 }), await tokens({ tokensEstimate: 0 }), await tokens({ content: '' })]).toEqual([7, 42, 0, 0]);
    expect((await all.get(idOf(await save(place, { tokensEstimate: 1 })))).tokenCount).toBe(50);
  });

  it.each<[string, Fields, Fields, string]>([
    ['no place', {}, {}, 'CONVERSATION_UNNAMED'],
    ['a session without an agent', { sessionId: 's' }, {}, 'CONVERSATION_UNNAMED'],
    ['an agent without a session', { agentId: newId() }, {}, 'CONVERSATION_UNNAMED'],
    ['an unknown conversation', placed(), { conversationId: newId() }, 'CONVERSATION_NOT_FOUND'],
    ['a role that is none', placed(), { role: 'function' }, 'VALIDATION_FAILED'],
    ['no content', placed(), { content: null }, 'VALIDATION_FAILED'],
    ['a field that is none', placed(), { messageType: 'text' }, 'VALIDATION_FAILED'],
    ['another newest message than there is', placed(), { expectedSeq: 5 }, 'SEQ_CONFLICT'],
  ])('save_message with %s fails, and its sender is told', async (_, fields, data, code) => {
    expect(await save(fields, data)).toEqual({ code });
  });

  it('get_context is that of REST, and of an unknown session empty (80, 91)', async () => {
    const place = placed();
    const conversationId = idOf(await save(place));
    await save(place, { role: 'system', content: 'be kind' });
    const context = (query = ''): Promise<unknown> => acme.get(`/api/v1/conversations/${conversationId}/context?${query}`).then(({ body }) => ({ data: body }));
    expect(await ask('conversation.get_context', { ...place, data: {} })).toEqual(await context());
    expect(await ask('conversation.get_context', { sessionId: place.sessionId, data: { model: 'gpt-4', maxTokens: 3 } })).toEqual(await context('model=gpt-4&maxTokens=3'));
    await all.rest(conversationId);
    for (const data of [{}, { conversationId }]) expect(await ask('conversation.get_context', { ...place, data })).toEqual(await context());
    expect(await ask('conversation.get_context', { sessionId: newId(), data: {} })).toEqual({ data: { conversationId: '', messages: [], totalTokens: 0, model: 'llama3-8b-8192', truncationApplied: false } });
    expect(await ask('conversation.get_context', { data: { conversationId: newId() } })).toEqual({ code: 'CONVERSATION_NOT_FOUND' });
    expect(await ask('conversation.get_context', { data: {} })).toEqual({ code: 'CONVERSATION_UNNAMED' });
  });

  it('get_history is the last ten without the system’s, and that of REST (81, 91, bug 2)', async () => {
    const place = placed();
    for (let i = 1; i <= 14; i += 1) await save(place, { content: `m${String(i)}`, role: i % 5 === 0 ? 'system' : 'user' });
    const rest = async (query: string): Promise<Told> => {
      const { body } = await acme.get<{ conversationId: string; messages: SeenMessage[]; total: number }>(`/api/v1/sessions/${place.sessionId}/history?${query}`);
      return { data: { conversationId: body.conversationId, messages: body.messages, total: body.total } };
    };
    const told = await ask('conversation.get_history', { ...place, data: {} });
    expect(told).toMatchObject({ data: { total: 14, messages: [3, 4, 6, 7, 8, 9, 11, 12, 13, 14].map((seq) => ({ seq, content: `m${String(seq)}` })) } });
    expect(told).toEqual(await rest(''));
    expect(await ask('conversation.get_history', { ...place, data: { limit: 6, includeSystem: true } })).toEqual(await rest('limit=6&includeSystem=true'));
    expect(await ask('conversation.get_history', { data: { conversationId: idOf(told), limit: 1_000 } })).toEqual(await rest('limit=200'));
    await all.rest(idOf(told));
    expect(await ask('conversation.get_history', { ...place, data: {} })).toEqual(told);
    expect(await ask('conversation.get_history', { sessionId: newId(), data: {} })).toEqual({ data: { conversationId: null, messages: [], total: 0 } });
    expect(await ask('conversation.get_history', { data: {} })).toEqual({ code: 'CONVERSATION_UNNAMED' });
    expect(await ask('conversation.get_history', { ...place, data: { limit: 0 } })).toEqual({ code: 'VALIDATION_FAILED' });
  });

  it('session_closed completes and moves its conversations; repeating it changes nothing (82, bugs 5 and 8)', async () => {
    const sessionId = newId();
    const ids = [idOf(await save({ sessionId, agentId: newId() })), idOf(await save({ sessionId, agentId: newId() }))];
    const told = await ask('conversation.session_closed', { sessionId, data: {} });
    expect(told).toEqual({ data: { sessionId, conversationIds: expect.arrayContaining(ids) } });
    const closed = await Promise.all(ids.map((id) => all.get(id)));
    expect(closed).toMatchObject([{ status: 'completed', closedAt: expect.any(String) }, { status: 'completed' }]);
    expect(await ask('conversation.session_closed', { sessionId, data: {} })).toEqual({ data: { sessionId, conversationIds: [] } });
    expect(await Promise.all(ids.map((id) => all.get(id)))).toEqual(closed);
    expect(await ask('conversation.session_closed', { sessionId: newId(), data: {} })).toEqual({ code: 'SESSION_NOT_FOUND' });
    expect(await ask('conversation.session_closed', { data: {} })).toEqual({ code: 'SESSION_UNNAMED' });
  });

  it('a message after session_closed begins a conversation of its own (bug 19)', async () => {
    const place = placed();
    const before = idOf(await save(place));
    await ask('conversation.session_closed', { sessionId: place.sessionId, data: {} });
    expect(idOf(await save(place))).not.toBe(before);
    expect(await all.get(before)).toMatchObject({ status: 'completed', messageCount: 1 });
  });

  it('100 save_message at once to a new session are one conversation with all of them (93, bug 15)', async () => {
    const place = placed();
    const told = await Promise.all(Array.from({ length: 100 }, (_, i) => save(place, { content: `m${String(i)}` })));
    expect(new Set(told.map(idOf)).size).toBe(1);
    expect(told.map((each) => 'data' in each && each.data['seq']).toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(await all.get(idOf(told[0]!))).toMatchObject({ messageCount: 100, tokenCount: 100 });
    expect(new Set((await all.page(idOf(told[0]!), 'limit=200')).data.map(({ content }) => content)).size).toBe(100);
    await all.rest(idOf(told[0]!));
  });
});

describe('the answer on the queue that an action names', () => {
  it('has the ids of the action, and is no address itself (44, 81)', async () => {
    const ids = { actionId: newId(), taskId: newId(), traceId: 'trace-1', sessionId: newId() };
    const answer = await addRaw('conversation.get_history', { ...ids, data: {} });
    const { actionId, ...echoed } = ids;
    expect(answer).toMatchObject({ ...echoed, actionType: 'action.answered', tenantId: 'acme', data: { answered: 'conversation.get_history', actionId, success: true, executionTimeMs: expect.any(Number) } });
    expect(answer).not.toHaveProperty('callbackQueueName');
  });

  it('says in full what is wrong', async () => {
    const { data } = await addRaw('conversation.save_message', { data: { role: 'nobody', content: 'x' } });
    expect(data).toMatchObject({ success: false, data: null, error: { kind: 'invalid', code: 'VALIDATION_FAILED', details: { fields: [{ field: 'data.role' }] } } });
    const taken = await addRaw('conversation.session_closed', { sessionId: 'nobody-here', data: {} });
    expect(taken.data.error).toMatchObject({ kind: 'notFound', code: 'SESSION_NOT_FOUND', details: { field: 'sessionId' } });
  });

  it('of another tenant’s action has nothing of ours', async () => {
    const conversationId = await all.begin({ sessionId: 'shared-name' });
    await all.say(conversationId, 'ours');
    const theirs = await addRaw('conversation.get_history', { tenantId: 'globex', sessionId: 'shared-name', data: {} });
    expect(theirs.data.data).toEqual({ conversationId: null, messages: [], total: 0 });
    const stolen = await addRaw('conversation.get_context', { tenantId: 'globex', data: { conversationId } });
    expect(stolen.data.error).toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });
});
