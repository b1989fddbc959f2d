import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';
import { newId } from '../../src/contracts/index.js';

const LETTERS = '/api/v1/admin/dead-letters';

interface Page {
  readonly data: readonly { readonly deadLetterId: string; readonly code: string; readonly action: { readonly actionId: string } }[];
  readonly nextCursor: string | null;
  readonly total: number;
}

describe('the operator of the dead letters', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  beforeAll(async () => {
    nooble = await startTestApp({ MIGRATION_INTERVAL_SECONDS: '86400' });
    acme = nooble.client('acme');
  });
  afterAll(() => nooble.close());

  const page = async (query = ''): Promise<Page> => (await acme.get<Page>(`${LETTERS}${query}`)).body;
  /** A turn that names no agent: its handler finds that out. */
  const fail = async (): Promise<string> => {
    const before = (await page()).total;
    const data = { conversationId: newId(), sessionId: 's', message: 'Hello', messageType: 'text', userInfo: {} };
    const { body } = await acme.post<{ actionId: string }>('/api/v1/actions', { actionType: 'execution.agent_run', data });
    await waitFor('the dead letter', async () => (await page()).total === before + 1);
    return body.actionId;
  };

  it('sees them newest first, page by page', async () => {
    const [older, newer] = [await fail(), await fail()];
    const first = await page('?limit=1');
    expect(first).toMatchObject({ data: [{ type: 'execution.agent_run', tenantId: 'acme', code: expect.any(String), message: expect.any(String), attempt: 1, failedAt: expect.any(String), action: { actionId: newer } }], total: 2 });
    const second = await page(`?limit=1&cursor=${String(first.nextCursor)}`);
    expect([second.data[0]?.action.actionId, second.nextCursor]).toEqual([older, null]);
    expect(await (await fetch(`${nooble.url}/metrics`)).text()).toMatch(/^nooble_dead_letters 2$/m);
  });

  it('sends one again; it fails again, as a new one', async () => {
    const actionId = await fail();
    const { data } = await page('?limit=1');
    const deadLetterId = data[0]?.deadLetterId ?? '';
    expect(await acme.post(`${LETTERS}/${deadLetterId}/retry`)).toMatchObject({ status: 202, body: { actionId, actionType: 'execution.agent_run' } });
    await waitFor('the new one', async () => (await page('?limit=1')).data[0]?.deadLetterId !== deadLetterId && (await page('?limit=1')).data[0]?.action.actionId === actionId);
    expect(await acme.post(`${LETTERS}/${deadLetterId}/retry`)).toMatchObject({ status: 404, body: { code: 'DEAD_LETTER_NOT_FOUND' } });
  });

  it('deletes one', async () => {
    await fail();
    const { data, total } = await page('?limit=1');
    const path = `${LETTERS}/${data[0]?.deadLetterId ?? ''}`;
    expect((await acme.delete(path)).status).toBe(204);
    expect((await page()).total).toBe(total - 1);
    expect(await acme.delete(path)).toMatchObject({ status: 404, body: { code: 'DEAD_LETTER_NOT_FOUND' } });
  });

  it.each(['?limit=0', '?limit=201', '?cursor=x', '?cursor=1', '?surprise=1'])('is told what is wrong with %s', async (query) => {
    expect(await acme.get(`${LETTERS}${query}`)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(await acme.delete(`${LETTERS}/x`)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});
