import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { Moves } from '../support/moves.js';

let moves: Moves;
let sessionId: string;
let agentId: string;

beforeAll(async () => {
  moves = await Moves.start();
});
beforeEach(() => {
  [sessionId, agentId] = [newId(), newId()];
});
afterAll(async () => {
  await moves.close();
});

const acme = { tenantId: 'acme', tier: 'enterprise' } as const;
/** What a new conversation has besides its names. */
const unnamed = { userId: null, model: 'builtin/chat', metadata: {} };
const open = async (conversationId?: string, session: string | undefined = sessionId): Promise<{ conversationId: string; sessionId: string }> => moves.conversations.open(acme, { ...unnamed, agentId, sessionId: session, conversationId });
const say = async (conversationId: string): Promise<unknown> => moves.conversations.append('acme', newConversation({ conversationId, agentId, sessionId }), newMessage());
const statusOf = async (conversationId: string): Promise<string> => (await moves.history.get({ tenantId: 'acme', conversationId })).status;

describe('opening a conversation', () => {
  it('gives the same one to the same session and agent until it is closed', async () => {
    const first = await open();
    expect(first.sessionId).toBe(sessionId);
    expect(await open()).toEqual({ ...first, isNew: false });
    await say(first.conversationId);
    expect(await moves.sessions.close('acme', sessionId)).toEqual([first.conversationId]);
    expect((await open()).conversationId).not.toBe(first.conversationId);
  });

  it('makes a session for whoever names none', async () => {
    const opened = await moves.conversations.open(acme, { ...unnamed, agentId, sessionId: undefined, conversationId: undefined });
    expect(opened.sessionId).toMatch(/^[\w-]{36}$/);
  });

  it('by its id goes on with it, in the session that it has, hot or cold', async () => {
    const { conversationId } = await open();
    await say(conversationId);
    expect(await moves.conversations.open(acme, { ...unnamed, agentId, sessionId: undefined, conversationId })).toEqual({ conversationId, sessionId, isNew: false });
    await moves.sessions.close('acme', sessionId);
    await moves.mover().move({ tenantId: 'acme', conversationId });
    expect(await moves.conversations.open(acme, { ...unnamed, agentId, sessionId: undefined, conversationId })).toEqual({ conversationId, sessionId, isNew: false });
  });

  it('by an id that is nobody’s, or another tenant’s, is refused', async () => {
    const { conversationId } = await open();
    await say(conversationId);
    await expect(open(newId())).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
    await expect(moves.conversations.open({ ...acme, tenantId: 'other' }, { ...unnamed, agentId, sessionId, conversationId })).rejects.toMatchObject({ code: 'CONVERSATION_NOT_FOUND' });
  });

  it('by its id works from the moment the id was given, before the first message is in it', async () => {
    const { conversationId } = await open();
    expect(await open(conversationId)).toEqual({ conversationId, sessionId, isNew: false });
  });
});

describe('closing a session', () => {
  it('completes every conversation that is open in it, and only those', async () => {
    const first = await open();
    await say(first.conversationId);
    agentId = newId();
    const second = await open();
    await say(second.conversationId);
    const elsewhere = await open(undefined, newId());
    await say(elsewhere.conversationId);
    expect((await moves.sessions.close('acme', sessionId)).sort()).toEqual([first.conversationId, second.conversationId].sort());
    expect(await Promise.all([first, second, elsewhere].map(({ conversationId }) => statusOf(conversationId)))).toEqual(['completed', 'completed', 'active']);
  });

  it('that is unknown is refused by name; closing it again changes nothing', async () => {
    await expect(moves.sessions.close('acme', sessionId)).rejects.toMatchObject({ kind: 'notFound', code: 'SESSION_NOT_FOUND' });
    const { conversationId } = await open();
    await say(conversationId);
    await moves.sessions.close('acme', sessionId);
    expect(await moves.sessions.close('acme', sessionId)).toEqual([]);
    expect(await statusOf(conversationId)).toBe('completed');
    await expect(moves.sessions.close('other', sessionId)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('closes a conversation again that somebody has gone on with', async () => {
    const { conversationId } = await open();
    await say(conversationId);
    await moves.sessions.close('acme', sessionId);
    await open(conversationId);
    await say(conversationId);
    expect(await moves.sessions.close('acme', sessionId)).toEqual([conversationId]);
    expect(await statusOf(conversationId)).toBe('completed');
  });

  it('leaves nothing active for ever: a conversation whose answer comes after the close can be closed once more, or still is', async () => {
    const { conversationId } = await open();
    await say(conversationId);
    await moves.sessions.close('acme', sessionId);
    await say(conversationId);
    if ((await statusOf(conversationId)) === 'completed') return;
    expect(await moves.sessions.close('acme', sessionId)).toEqual([conversationId]);
    expect(await statusOf(conversationId)).toBe('completed');
  });
});
