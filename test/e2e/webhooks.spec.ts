import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../src/contracts/index.js';
import { WebhookDeliveries } from '../../src/modules/execution/webhooks/webhook-deliveries.service.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { type HookScript, HookServer } from '../support/hook-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Delivery {
  readonly deliveryId: string;
  readonly executionId: string;
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly tries: readonly { readonly at: string; readonly durationMs: number; readonly httpStatus: number | null; readonly error: { readonly code: string; readonly message: string } | null }[];
  readonly nextTryAt: string | null;
}

const SETTINGS = { WEBHOOK_SECRET: 's'.repeat(40), WEBHOOK_ATTEMPTS: '4', WEBHOOK_RETRY_SECONDS: '0.02', WEBHOOK_TIMEOUT_MS: '2000', OUTBOUND_ALLOWED_PRIVATE: '127.0.0.1', OUTBOUND_ALLOWED_HOSTS: '' };
const answer = (status: number, headers: Record<string, string> = {}): HookScript => (response) => void response.writeHead(status, headers).end();

describe('a webhook', () => {
  let nooble: TestApp;
  let receiver: HookServer;
  let acme: ApiClient;

  beforeAll(async () => {
    [nooble, receiver] = await Promise.all([startTestApp(SETTINGS), HookServer.start()]);
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
    await receiver.close();
  });

  const begin = async (webhookUrl: unknown, { client = acme, message = 'hello' } = {}): Promise<Answer<{ executionId: string } & ErrorAnswer>> => client.post(`/api/v1/agents/${await createAgent(client)}/executions`, { message, webhookUrl });
  const start = async (webhookUrl: string, options: Parameters<typeof begin>[1] = {}): Promise<string> => {
    const { status, body } = await begin(webhookUrl, options);
    expect(status).toBe(202);
    return body.executionId;
  };
  const deliveries = async (query = '', client = acme): Promise<Delivery[]> => (await client.get<{ data: Delivery[] }>(`/api/v1/webhooks/deliveries?${query}`)).body.data;
  const delivery = async (executionId: string, status: string): Promise<Delivery> =>
    waitFor(`the delivery to be ${status}`, async () => (await deliveries(`executionId=${executionId}`)).find((found) => found.status === status));
  const secretOf = async (client: ApiClient): Promise<string> => (await client.get<{ secret: string }>('/api/v1/webhooks/secret')).body.secret;

  it('tells the end of an execution, signed with the tenant’s secret', async () => {
    const executionId = await start(receiver.on('/done'));
    const { type, url, tries, nextTryAt } = await delivery(executionId, 'delivered');
    expect({ type, url, tries, nextTryAt }).toEqual({ type: 'execution.completed', url: receiver.on('/done'), tries: [{ at: expect.any(String), durationMs: expect.any(Number), httpStatus: 204, error: null }], nextTryAt: null });
    const [{ method, headers, body }, ...others] = receiver.at('/done') as [ReturnType<HookServer['at']>[0]];
    expect([method, headers['content-type'], headers['webhook-id'], others]).toEqual(['POST', 'application/json', executionId, []]);
    const told = new Webhook(await secretOf(acme)).verify(body, headers as Record<string, string>);
    const execution = await acme.get<{ timings: { endedAt: string } }>(`/api/v1/executions/${executionId}`);
    expect(told).toEqual({ type: 'execution.completed', timestamp: execution.body.timings.endedAt, data: execution.body });
  });

  it('tells of a failure, too', async () => {
    await delivery(await start(receiver.on('/failure'), { message: '@fail 400' }), 'delivered');
    expect(JSON.parse(receiver.at('/failure')[0]!.body)).toMatchObject({ type: 'execution.failed', data: { status: 'failed', error: { code: 'PROVIDER_FAILED' } } });
  });

  it('is signed otherwise for another tenant, who sees nothing of it', async () => {
    const globex = nooble.client('globex');
    const executionId = await start(receiver.on('/theirs'), { client: globex });
    await waitFor('the delivery', async () => (await deliveries(`executionId=${executionId}&status=delivered`, globex))[0]);
    const { body, headers } = receiver.at('/theirs')[0]!;
    expect(() => new Webhook('whsec_AAAA').verify(body, headers as Record<string, string>)).toThrow();
    const [mine, theirs] = [await secretOf(acme), await secretOf(globex)];
    expect(() => new Webhook(mine).verify(body, headers as Record<string, string>)).toThrow();
    expect(new Webhook(theirs).verify(body, headers as Record<string, string>)).toBeDefined();
    expect(await deliveries(`executionId=${executionId}`)).toEqual([]);
    expect(await acme.post(`/api/v1/webhooks/deliveries/${executionId}/retry`)).toMatchObject({ status: 404, body: { code: 'WEBHOOK_DELIVERY_NOT_FOUND' } });
  });

  it.each([[500], [503], [429], [408]])('is tried again after %i, under the same id and with the same body', async (status) => {
    const path = `/flaky-${status}`;
    const executionId = await start(receiver.on(path, (response, calls) => void response.writeHead(calls < 3 ? status : 200).end('{}')));
    const { tries } = await delivery(executionId, 'delivered');
    expect(tries.map(({ httpStatus, error }) => [httpStatus, error?.code])).toEqual([[status, `HTTP_${status}`], [status, `HTTP_${status}`], [200, undefined]]);
    const calls = receiver.at(path);
    const verifier = new Webhook(await secretOf(acme));
    for (const { headers, body } of calls) verifier.verify(body, headers as Record<string, string>);
    expect([calls.length, new Set(calls.map(({ headers }) => headers['webhook-id'])).size, new Set(calls.map(({ body }) => body)).size]).toEqual([3, 1, 1]);
  });

  it('waits as long as the receiver asks for', async () => {
    const executionId = await start(receiver.on('/later', answer(503, { 'retry-after': '1800' })));
    const waiting = await waitFor('the first try', async () => (await deliveries(`executionId=${executionId}`)).find(({ tries }) => tries.length === 1));
    expect(waiting.status).toBe('pending');
    expect(Date.parse(waiting.nextTryAt!) - Date.parse(waiting.tries[0]!.at)).toBeGreaterThanOrEqual(1_800_000);
  });

  it.each([[400], [401], [404], [410], [301], [307]])('is given up after %i at once', async (status) => {
    const path = `/final-${status}`;
    const { tries } = await delivery(await start(receiver.on(path, answer(status, { location: receiver.on('/elsewhere') }))), 'failed');
    expect(tries).toEqual([expect.objectContaining({ httpStatus: status, error: expect.objectContaining({ code: `HTTP_${status}` }) })]);
    expect([receiver.at(path).length, receiver.at('/elsewhere').length]).toEqual([1, 0]);
  });

  it('is given up after as many tries as are set', async () => {
    const { tries } = await delivery(await start(receiver.on('/never', answer(500))), 'failed');
    expect([tries.length, receiver.at('/never').length]).toEqual([4, 4]);
  });

  it('is tried again when the receiver says nothing, hangs up, or is not there', async () => {
    const silent = await start(receiver.on('/silent', (response, calls) => void (calls > 1 && response.end())));
    const rude = await start(receiver.on('/rude', (response, calls) => void (calls > 1 ? response.end() : response.socket?.destroy())));
    const absent = await start('http://127.0.0.1:1/');
    expect((await delivery(silent, 'delivered')).tries.map(({ error }) => error?.code)).toEqual(['OUTBOUND_TIMED_OUT', undefined]);
    expect((await delivery(rude, 'delivered')).tries.map(({ error }) => error?.code)).toEqual(['OUTBOUND_FAILED', undefined]);
    expect((await delivery(absent, 'failed')).tries.length).toBeGreaterThanOrEqual(1);
  });

  describe.each<[string, (webhookUrl: unknown) => Promise<Partial<ErrorAnswer> & { executionId?: string }>]>([
    ['POST /chat/send', async (webhookUrl) => {
      const headers = { 'x-tenant-tier': 'enterprise', 'x-agent-id': await createAgent(acme), 'x-session-id': newId() };
      return (await acme.with(headers).post<ErrorAnswer>('/api/v1/chat/send', { message: 'hello', webhookUrl })).body;
    }],
    ['POST /commands', async (webhookUrl) => (await acme.post<ErrorAnswer>('/api/v1/commands', { agentId: await createAgent(acme), task: 'hello', webhookUrl })).body],
    ['the WebSocket', async (webhookUrl) => {
      const socket = await acme.socket(newId());
      try {
        socket.send('execution.start', { agentId: await createAgent(acme), message: 'hello', webhookUrl });
        return (await waitFor('the answer', () => socket.frames.find(({ type }) => type === 'execution.accepted' || type === 'error'))).data;
      } finally {
        socket.cut();
      }
    }],
  ])('named over %s', (way, ask) => {
    it('is told, signed, by the same rules', async () => {
      const path = `/way-${way.replaceAll(/\W/g, '')}`;
      const { executionId = '' } = await ask(receiver.on(path));
      await delivery(executionId, 'delivered');
      const { body, headers } = receiver.at(path)[0]!;
      expect(new Webhook(await secretOf(acme)).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'execution.completed', data: { executionId, webhookUrl: receiver.on(path) } });
    });

    it.each([['http://10.0.0.1/', { code: 'WEBHOOK_URL_REFUSED', details: { field: 'webhookUrl' } }], ['ftp://example.com', { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'webhookUrl' }] } }], [7, { code: 'VALIDATION_FAILED' }]])('is refused for %j, and nothing is begun', async (url, refusal) => {
      const refused = await ask(url);
      expect(refused).toMatchObject(refusal);
      expect(refused).not.toHaveProperty('executionId');
    });
  });

  it.each([['http://10.0.0.1/'], ['http://169.254.169.254/latest'], ['http://[::1]:80/'], ['http://2130706434/'], ['http://0.0.0.0/'], ['https://user:pass@example.com/']])('to %s is refused when it is named', async (url) => {
    const { status, body } = await begin(url);
    expect([status, body.code]).toEqual([400, 'WEBHOOK_URL_REFUSED']);
    expect(body).toMatchObject({ details: { field: 'webhookUrl' } });
  });

  it.each([['ftp://example.com'], ['example.com'], [''], [7], [null], [`https://example.com/${'x'.repeat(2_048)}`], ['https://exa mple.com']])('to %j is no URL', async (url) => {
    const { status, body } = await begin(url);
    expect([status, body.code, body.details?.fields?.[0]?.field]).toEqual([400, 'VALIDATION_FAILED', 'webhookUrl']);
  });

  it('to a name that turns out to be private is given up, and reaches nothing', async () => {
    // Past the check of the name, as a name would be that has another address by now.
    const [agentId, executionId] = [await createAgent(acme), newId()];
    const columns = 'tenant_id, execution_id, agent_id, conversation_id, session_id, status, attempt, last_event_seq, queued_at, ended_at, webhook_url';
    await nooble.database.query(`INSERT INTO executions (${columns}) VALUES ('acme', $1, $2, $1, 's', 'failed', 1, 1, now(), now(), $3)`, [executionId, agentId, `http://0.0.0.0:${receiver.port}/inside`]);
    await acme.post('/api/v1/actions', { actionType: 'execution.deliver_webhook', data: { executionId } });
    expect((await delivery(executionId, 'failed')).tries).toEqual([expect.objectContaining({ httpStatus: null, error: expect.objectContaining({ code: 'OUTBOUND_BLOCKED' }) })]);
    expect(receiver.at('/inside')).toEqual([]);
  });

  it('can be sent again by hand, whether it was taken or given up', async () => {
    const executionId = await start(receiver.on('/again', (response, calls) => void response.writeHead(calls === 1 ? 404 : 200).end()));
    await delivery(executionId, 'failed');
    for (const tries of [2, 3]) {
      expect(await acme.post(`/api/v1/webhooks/deliveries/${executionId}/retry`)).toMatchObject({ status: 202, body: { deliveryId: executionId, status: 'pending' } });
      await waitFor('the next try', async () => (await deliveries(`executionId=${executionId}&status=delivered`))[0]?.tries.length === tries);
    }
    expect(new Set(receiver.at('/again').map(({ headers }) => headers['webhook-id']))).toEqual(new Set([executionId]));
  });

  it('is made once, however often its end is told', async () => {
    const executionId = await start(receiver.on('/once'));
    await delivery(executionId, 'delivered');
    await acme.post('/api/v1/actions?wait=true', { actionType: 'execution.deliver_webhook', data: { executionId } });
    expect(receiver.at('/once')).toHaveLength(1);
  });

  it('is not sent before its time when its job is done twice', async () => {
    const executionId = await start(receiver.on('/patient', answer(503, { 'retry-after': '600' })));
    await waitFor('the first try', async () => (await deliveries(`executionId=${executionId}`))[0]?.tries.length === 1);
    await acme.post('/api/v1/actions?wait=true', { actionType: 'execution.deliver_webhook', data: { executionId } });
    expect(receiver.at('/patient')).toHaveLength(1);
  });

  it('is nobody’s who names no URL', async () => {
    const { body } = await begin(undefined);
    await acme.events(body.executionId);
    await acme.post('/api/v1/actions?wait=true', { actionType: 'execution.deliver_webhook', data: { executionId: body.executionId } });
    expect(await deliveries(`executionId=${body.executionId}`)).toEqual([]);
  });

  it('keeps what it was taken for when a simultaneous try fails', async () => {
    const executionId = await start(receiver.on('/both'));
    const taken = await delivery(executionId, 'delivered');
    const ref = { tenantId: 'acme', deliveryId: executionId };
    const late = { made: { at: new Date().toISOString(), durationMs: 1, httpStatus: 500, error: { code: 'HTTP_500', message: 'x' } }, verdict: 'again', retryAfterMs: 0 } as const;
    const before = { ...taken, triesLeft: 3, nextTryAt: null, createdAt: new Date(), type: 'execution.completed' } as const;
    await nooble.app.get(WebhookDeliveries, { strict: false }).record(ref, 'free', { ...before, status: 'pending' }, late);
    expect(await deliveries(`executionId=${executionId}`)).toEqual([expect.objectContaining({ status: 'delivered', nextTryAt: null, tries: [...taken.tries, late.made] })]);
  });

  it('keeps its last 50 tries', async () => {
    const executionId = await start(receiver.on('/many', answer(404)));
    const [ref, failed] = [{ tenantId: 'acme', deliveryId: executionId }, await delivery(executionId, 'failed')];
    const before = { ...failed, status: 'failed', triesLeft: 1, nextTryAt: null, createdAt: new Date(), type: 'execution.completed' } as const;
    for (let durationMs = 1; durationMs <= 50; durationMs++) {
      await nooble.app.get(WebhookDeliveries, { strict: false }).record(ref, 'free', before, { made: { at: '', durationMs, httpStatus: 404, error: null }, verdict: 'failed', retryAfterMs: 0 });
    }
    const [{ tries }] = (await deliveries(`executionId=${executionId}`)) as [Delivery];
    expect(tries.map(({ durationMs }) => durationMs)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('is counted by what came of it', async () => {
    const metrics = await (await fetch(`${nooble.url}/metrics`)).text();
    for (const outcome of ['delivered', 'pending', 'failed']) expect(metrics).toMatch(new RegExp(`^nooble_webhook_tries_total\\{outcome="${outcome}"\\} [1-9]`, 'm'));
  });

  it('is listed, page by page, newest first', async () => {
    const globex = nooble.client('initech');
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await start(receiver.on('/listed'), { client: globex }));
    await waitFor('all deliveries', async () => (await deliveries('status=delivered', globex)).length === 3);
    const first = await globex.get<{ data: Delivery[]; nextCursor: string }>('/api/v1/webhooks/deliveries?limit=2');
    const second = await globex.get<{ data: Delivery[]; nextCursor: string | null }>(`/api/v1/webhooks/deliveries?limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.data, ...second.body.data].map(({ deliveryId }) => deliveryId)).toEqual(made.toReversed());
    expect(second.body.nextCursor).toBeNull();
    expect(await deliveries('status=failed', globex)).toEqual([]);
    expect((await globex.get('/api/v1/webhooks/deliveries?status=lost')).status).toBe(400);
  });
});

describe('the tool http_request in a run', () => {
  it('reaches a listed host and nothing private, and the model is told why', async () => {
    const [nooble, site] = [await startTestApp(SETTINGS), await HookServer.start()];
    try {
      const acme = nooble.client('acme');
      const agentId = await createAgent(acme, '', { tools: ['http_request'] });
      const ask = async (url: string): Promise<unknown> => {
        const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: `@tool http_request ${JSON.stringify({ url })}` });
        return (await acme.events(body.executionId)).find(({ type }) => type === 'tool.completed')?.data;
      };
      const page = site.on('/page', (response) => void response.setHeader('content-type', 'text/html').end('<p>here</p>'));
      expect(await ask(page)).toMatchObject({ name: 'http_request', output: { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>here</p>' } });
      expect(await ask(`http://0.0.0.0:${site.port}/page`)).toMatchObject({ error: expect.stringContaining('not at a public address') });
      expect(site.calls).toHaveLength(1);
    } finally {
      await nooble.close();
      await site.close();
    }
  });
});
