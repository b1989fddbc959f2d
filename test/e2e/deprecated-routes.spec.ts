import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { ADMIN_KEY, Keyring } from '../support/keyring.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

interface Saved {
  readonly conversation_id: string;
  readonly message_id: string;
}

let nooble: TestApp;
let ring: Keyring;
let acme: ApiClient;
let agentId: string;
beforeAll(async () => {
  nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
  ring = new Keyring(nooble.url);
  acme = await ring.client('acme', ['internal', 'agent', 'user']);
  agentId = await createAgent(acme);
});
afterAll(async () => {
  await nooble.close();
});

const message = (session_id: string, rest: object = {}): object => ({ tenant_id: 'acme', session_id, role: 'user', content: 'hello', ...rest });

describe.each(['/internal', '/api/v1/conversations/internal'])('the seeds’ routes under %s', (base) => {
  const session = base.length;

  it('do what their actions do, in the spelling of old, and say what to use instead', async () => {
    const saved = await acme.post<Saved>(`${base}/save-message`, message(`s${String(session)}`, { metadata: { agent_id: agentId }, message_type: 'text', processing_time: 1.5 }));
    expect(saved).toMatchObject({ status: 200, body: { success: true } });
    expect([saved.headers.get('deprecation'), saved.headers.get('link')]).toEqual(['@1795219200', '</api/v1/actions>; rel="successor-version"']);
    const again = await acme.post<Saved>(`${base}/save-message`, message(`s${String(session)}`, { role: 'assistant', content: 'hi' }));
    expect(again.body.conversation_id).toBe(saved.body.conversation_id);
    const history = await acme.get(`${base}/history/s${String(session)}?tenant_id=acme&limit=5`);
    expect(history.headers.get('link')).toBe(`</api/v1/sessions/s${String(session)}/history>; rel="successor-version"`);
    expect(history.body).toEqual({
      success: true,
      data: {
        session_id: `s${String(session)}`,
        total: 2,
        messages: [
          { role: 'user', content: 'hello', timestamp: expect.any(String), metadata: { agent_id: agentId, messageType: 'text', processingTimeMs: 1_500 } },
          { role: 'assistant', content: 'hi', timestamp: expect.any(String), metadata: {} },
        ],
      },
    });
    const { data } = (await acme.post<{ data: { messages: { messageId: string }[] } }>('/api/v1/actions?wait=true', { actionType: 'conversation.get_history', sessionId: `s${String(session)}`, data: {} })).body;
    expect(data.messages.map(({ messageId }) => messageId)).toEqual([saved.body.message_id, again.body.message_id]);
  });

  it('save one message for a request that comes twice', async () => {
    const twice = acme.with({ 'idempotency-key': `once-${String(session)}` });
    const save = async (): Promise<Saved> => (await twice.post<Saved>(`${base}/save-message`, message(`t${String(session)}`, { agent_id: agentId }))).body;
    expect(await save()).toEqual(await save());
  });

  it('refuse what they cannot place, another tenant, and keys without the scope', async () => {
    expect(await acme.post(`${base}/save-message`, message('nowhere'))).toMatchObject({ status: 400, body: { code: 'CONVERSATION_UNNAMED', details: { field: 'agent_id' } } });
    expect(await acme.get(`${base}/history/s?tenant_id=acme&limit=101`)).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'limit' }] } } });
    await ring.tenant('other');
    expect(await acme.get(`${base}/history/s?tenant_id=other`)).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect(await acme.post(`${base}/save-message`, { ...message('s'), tenant_id: 'other' })).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect(await ring.admin.get(`${base}/history/s?tenant_id=other`)).toMatchObject({ status: 200, body: { data: { messages: [], total: 0 } } });
    expect(await ring.admin.get(`${base}/history/s`)).toMatchObject({ status: 400, body: { code: 'TENANT_UNNAMED' } });
    const user = ring.as((await ring.key('acme', ['user'])).key);
    expect(await user.get(`${base}/history/s?tenant_id=acme`)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'internal' } } });
  });

  it('are counted', async () => {
    const metrics = await (await fetch(`${nooble.url}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`^nooble_deprecated_requests_total\\{route="POST ${base}/save-message"\\} [1-9]`, 'm'));
    expect(metrics).toMatch(new RegExp(`^nooble_deprecated_requests_total\\{route="GET ${base}/history/:sessionId"\\} [1-9]`, 'm'));
  });
});
