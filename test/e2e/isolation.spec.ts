import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRandom } from '../support/seeded-random.js';
import { redisUrl, templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { endSweeps } from '../support/sweeps.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { ADMIN_KEY, MarkedTenant, type PlainAnswer, type World, newWorld } from '../support/two-tenants.js';
import { textsIn } from '../support/redis-texts.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

interface Route {
  readonly method: string;
  readonly path: string;
}

/** What a request that changes something says, so that it is not refused for its form. By the end of its path. */
const BODIES: readonly (readonly [RegExp, (world: World) => unknown])[] = [
  [/executions$/, () => ({ message: 'hello' })],
  [/chat\/send$/, () => ({ message: 'hello' })],
  [/agents\/\{agentId\}$/, () => ({ description: 'changed' })],
  [/admin\/migration\/conversations\/\{\w+\}$/, () => ({})],
  [/conversations\/\{\w+\}$/, () => ({ summary: 'changed' })],
  [/labels$/, () => ({ labels: ['x'] })],
  [/labels\/\{\w+\}$/, () => undefined],
  [/assign$/, () => ({ assignee: 'somebody' })],
  [/notes$/, () => ({ text: 'hello' })],
  [/satisfaction$/, () => ({ customerSatisfaction: 1 })],
  [/messages$/, () => ({ role: 'user', content: 'hello' })],
  [/embeddings$/, () => ({ texts: ['hello'] })],
  [/commands$/, ({ agentId }) => ({ agentId, task: 'hello' })],
  [/commands\/\{\w+\}$/, () => ({ metadata: {} })],
  [/^\/api\/v1\/conversations$/, ({ agentId }) => ({ agentId })],
];
/** These name nothing that a tenant has in their bodies, or are asked by tests of their own. */
const WITHOUT_ID = /^\/api\/v1\/(agents|actions)$/;
/** What it begins goes on while others are asked; its own tests have two tenants: `erasure.spec.ts`. */
const goesOn = (route: Route): boolean => route.method === 'DELETE' && route.path === '/api/v1/crm/users/{userId}';
/** Of an agent that is not there the statistics are zeros. */
const NOT_FOUND_IS_EMPTY = ['/api/v1/crm/stats/agents/{agentId}'];

let postgres: TcpProxy;
let sql: SqlCounter;
let nooble: TestApp;
let a: MarkedTenant;
let b: MarkedTenant;
/** Both have it. */
let shared: World;
/** Only the first one has it. */
let foreign: World;
let routes: Route[];

beforeAll(async () => {
  process.stdout.write(`isolation: seed ${String(SEED)}\n`);
  postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
  sql = new SqlCounter(postgres);
  const environment = { AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY, MIGRATION_INTERVAL_SECONDS: '86400', MIGRATION_RELEASE_SECONDS: '0' };
  nooble = await startTestApp(environment, { databasePort: postgres.port });
  await endSweeps(nooble);
  [a, b] = await Promise.all(['aaaa', 'bbbb'].map((tenantId) => MarkedTenant.create(nooble, tenantId))) as [MarkedTenant, MarkedTenant];
  [shared, foreign] = [newWorld(), newWorld()];
  await Promise.all([a.settle(shared), b.settle(shared), a.settle(foreign)]);
  const { text } = await a.must('GET', '/docs-json');
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> };
  routes = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method): Route => ({ method: method.toUpperCase(), path })));
});
afterAll(async () => {
  await nooble.close();
  await postgres.close();
});

/** The path with these ids in it; what a world has not is an id that nobody has. */
function pathIn(path: string, world: World): string {
  const values: Record<string, string> = { ...world, tenantId: a.tenantId, version: '1', id: world.executionId, deliveryId: world.executionId };
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? world.executionId);
}

const bodyFor = ({ method, path }: Route, world: World): unknown => (method === 'GET' || method === 'DELETE' ? undefined : (BODIES.find(([end]) => end.test(path))?.[1](world) ?? {}));

async function ask(tenant: MarkedTenant, route: Route, world: World): Promise<PlainAnswer> {
  return tenant.call(route.method, pathIn(route.path, world), bodyFor(route, world));
}

/** What a caller learns from an answer, whichever ids he has asked for. */
function learnt({ status, text }: PlainAnswer, world: World): string {
  const ids = (Object.values(world) as string[]).reduce((rest, id) => rest.replaceAll(id, 'ID'), text);
  return `${String(status)} ${ids.replaceAll(/"requestId":"[^"]*"/g, '').replaceAll(/\b0[0-9a-f]{7}-[0-9a-f-]{27}\b/g, 'UUID').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replaceAll(/\b[0-9a-f]{64}\b/g, 'SHA-256')}`;
}

/** What a caller learns from asking for this, and what that asked PostgreSQL. */
async function observe(route: Route, world: World): Promise<{ answer: string; statements: string }> {
  sql.clear();
  const answer = learnt(await ask(b, route, world), world);
  return { answer, statements: sql.statements.toSorted().join('\n') };
}

/** What is another's beside what is nobody's. A sweep that asks PostgreSQL in between makes a difference once, what a route does makes it every time. */
async function compare(route: Route, tries = 3): Promise<{ answer: string; differences: string[] }> {
  await ask(b, route, newWorld());
  const ofNobody = await observe(route, newWorld());
  const ofAnother = await observe(route, foreign);
  const name = `${route.method} ${route.path}`;
  if (ofAnother.answer !== ofNobody.answer) return { answer: ofAnother.answer, differences: [`${name}: ${ofAnother.answer} instead of ${ofNobody.answer}`] };
  if (ofAnother.statements === ofNobody.statements) return { answer: ofAnother.answer, differences: [] };
  if (tries > 1) return compare(route, tries - 1);
  return { answer: ofAnother.answer, differences: [`${name}: asks for\n${ofAnother.statements}\ninstead of\n${ofNobody.statements}`] };
}

const reads = (): Route[] => routes.filter(({ method }) => method === 'GET');
const named = (): Route[] => routes.filter(({ path }) => path.includes('{'));

/** All that a tenant can read of a world. */
async function view(tenant: MarkedTenant, world: World): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  // What it reads is written down where this would read it.
  for (const route of reads().filter(({ path }) => path.includes('{') && !path.endsWith('/audit'))) seen[route.path] = learnt(await ask(tenant, route, world), world);
  return seen;
}

describe('two tenants that use the same ids', () => {
  it('see their own by every route that reads, and nothing of each other', async () => {
    const own = new Set<string>();
    for (const tenant of [a, b]) {
      const other = tenant === a ? b : a;
      for (const route of reads()) {
        const { status, text } = await ask(tenant, route, shared);
        expect([route.path, status === 400 || status >= 500]).toEqual([route.path, false]);
        if (text.includes(other.mark)) throw new Error(`${tenant.tenantId} was shown what is ${other.tenantId}'s by GET ${route.path}: ${text}`);
        if (text.includes(tenant.mark)) own.add(`${tenant.tenantId} ${route.path}`);
      }
    }
    for (const path of ['agents', 'agents/{agentId}', 'agents/{agentId}/versions', 'conversations/{conversationId}/messages', 'executions', 'executions/{executionId}', 'executions/{executionId}/events', 'crm/conversations/{conversationId}', 'sessions/{sessionId}/history']) {
      for (const { tenantId } of [a, b]) expect([...own]).toContain(`${tenantId} /api/v1/${path}`);
    }
  });

  it('find their own words, and not each other’s', async () => {
    for (const [tenant, other] of [[a, b], [b, a]] as const) {
      expect((await tenant.must('GET', `/api/v1/conversations?q=${tenant.mark}`)).text).toContain(shared.conversationId);
      expect(JSON.parse((await tenant.must('GET', `/api/v1/conversations?q=${other.mark}`)).text)).toMatchObject({ data: [], total: 0 });
    }
  });

  it('are answered each for itself under one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'the-same' };
    const start = (tenant: MarkedTenant): Promise<PlainAnswer> => tenant.call('POST', `/api/v1/agents/${shared.agentId}/executions?wait=true`, { message: `${tenant.mark} once`, sessionId: 'once' }, key);
    const [first, second, again] = [await start(a), await start(b), await start(a)];
    expect([first, second, again].map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([[200, null], [200, null], [200, 'true']]);
    expect(first.text).toContain(a.mark);
    expect(second.text).toContain(b.mark);
    expect(second.text).not.toContain(a.mark);
    expect(again.text).toBe(first.text);
  });

  it('hear only themselves on sockets of one session', async () => {
    const open = (tenant: MarkedTenant): Promise<TestSocket> => TestSocket.open(`${nooble.url.replace('http', 'ws')}/ws?sessionId=${shared.sessionId}`, tenant.authorization);
    const sockets = await Promise.all([open(a), open(b)]);
    for (const [i, socket] of sockets.entries()) socket.send('execution.start', { agentId: shared.agentId, message: [a, b][i]!.mark, sessionId: shared.sessionId });
    for (const socket of sockets) await socket.next('execution.completed');
    for (const [socket, other] of [[sockets[0], b], [sockets[1], a]] as const) {
      expect(JSON.stringify(socket.frames)).not.toContain(other.mark);
      socket.cut();
    }
  });

  it('stay apart whatever they do at once, a hundred times each', async () => {
    const doings = (tenant: MarkedTenant): readonly (() => Promise<PlainAnswer>)[] => [
      () => tenant.call('POST', `/api/v1/conversations/${shared.conversationId}/messages`, { role: 'user', content: `${tenant.mark} says`, messageId: `m${String(random.int(20))}` }),
      () => tenant.call('POST', `/api/v1/agents/${shared.agentId}/executions`, { message: `${tenant.mark} asks`, sessionId: shared.sessionId }),
      () => tenant.call('PATCH', `/api/v1/conversations/${random.pick([shared.conversationId, shared.coldId])}`, { summary: `${tenant.mark} sums up` }),
      () => tenant.call('PATCH', `/api/v1/agents/${shared.agentId}`, { description: `${tenant.mark} describes` }),
      () => tenant.call('POST', `/api/v1/conversations/${random.pick([shared.conversationId, shared.coldId])}/close`),
      () => tenant.act('migration.migrate_conversation_explicitly', shared, { conversationId: shared.conversationId }),
      () => tenant.act('conversation.get_history', shared, { conversationId: shared.coldId }),
      () => tenant.act('conversation.get_context', shared, { conversationId: shared.conversationId }),
      () => tenant.act('management.get_agent_config', shared, { agentId: shared.agentId }),
      () => tenant.call('POST', `/api/v1/executions/${shared.executionId}/cancel`),
      () => ask(tenant, random.pick(reads()), shared),
    ];
    const random = new SeededRandom(SEED);
    const live = async (tenant: MarkedTenant, other: MarkedTenant): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const { status, text } = await random.pick(doings(tenant))();
        expect(status).toBeLessThan(500);
        expect(text).not.toContain(other.mark);
      }
    };
    await Promise.all([live(a, b), live(b, a)]);
  });

  it('are apart in both stores: nothing that one says is under a name of the other', async () => {
    const tables = await nooble.database.query<{ name: string }>("SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'");
    const texts = await textsIn(redisUrl);
    for (const [tenant, other] of [[a, b], [b, a]] as const) {
      for (const { name } of tables) {
        expect([name, await nooble.database.query(`SELECT * FROM ${name} AS row WHERE tenant_id = $1 AND row::text LIKE $2`, [tenant.tenantId, `%${other.mark}%`])]).toEqual([name, []]);
      }
      const under = texts.filter(({ key }) => key.includes(`{${tenant.tenantId}}`));
      expect(under.length).toBeGreaterThan(10);
      expect(under.filter(({ text }) => text.includes(other.mark)).map(({ key }) => key)).toEqual([]);
    }
    const nobodys = texts.filter(({ key, text }) => !/\{(aaaa|bbbb)\}/.test(key) && (text.includes(a.mark) || text.includes(b.mark)));
    // Whatever of a tenant is under no tenant's name is an action on its way.
    expect(nobodys.map(({ key }) => key).filter((key) => !/^\{nb:queues\}:|^nb:answers:|^nb:dead-letters$/.test(key))).toEqual([]);
  });
});

describe('what is another tenant’s', () => {
  it('is for every route what is nobody’s, and asks PostgreSQL for the same', async () => {
    const before = await view(a, foreign);
    const different: string[] = [];
    const refused: string[] = [];
    for (const route of named().filter((route) => !goesOn(route))) {
      const { answer, differences } = await compare(route);
      different.push(...differences);
      if (answer.startsWith('400')) refused.push(`${route.method} ${route.path}: ${answer}`);
      expect(answer).not.toContain(a.mark);
    }
    expect(different).toEqual([]);
    expect(refused).toEqual([]);
    expect(await view(a, foreign)).toEqual(before);
  });

  it('is 404 by every route that names an agent, a conversation or an execution', async () => {
    for (const route of named().filter(({ path }) => /\{(agentId|conversationId|executionId)\}/.test(path) && !path.includes('/admin/') && !path.includes('{tenantId}') && !NOT_FOUND_IS_EMPTY.includes(path))) {
      expect([route.method, route.path, (await ask(b, route, foreign)).status]).toEqual([route.method, route.path, 404]);
    }
  });

  it('is not named in a body or a header either', async () => {
    const bodies = routes.filter(({ method, path }) => method === 'POST' && !path.includes('{') && !path.includes('/admin/') && !WITHOUT_ID.test(path));
    expect(bodies.length).toBeGreaterThan(2);
    for (const route of bodies) expect((await ask(b, route, foreign)).text).not.toContain(a.mark);
    const headers = { 'x-tenant-id': b.tenantId, 'x-tenant-tier': 'enterprise', 'x-agent-id': foreign.agentId, 'x-session-id': foreign.sessionId, 'x-conversation-id': foreign.conversationId };
    expect(await b.call('POST', '/api/v1/chat/send', { message: 'hello' }, headers)).toMatchObject({ status: 404 });
    expect(await b.call('GET', '/api/v1/agents', undefined, { 'x-tenant-id': a.tenantId })).toMatchObject({ status: 403 });
    for (const query of [`agentId=${foreign.agentId}`, `userId=${foreign.userId}`, `q=${a.mark}`]) {
      const { text } = await b.must('GET', `/api/v1/conversations?${query}`);
      for (const id of [foreign.conversationId, foreign.coldId]) expect(text).not.toContain(id);
    }
  });

  it('cannot be followed, cancelled or continued over a socket', async () => {
    const socket = await TestSocket.open(`${nooble.url.replace('http', 'ws')}/ws?sessionId=${foreign.sessionId}`, b.authorization);
    const answerTo = async (type: string, data: object): Promise<string> => {
      socket.frames.length = 0;
      socket.send(type, data);
      return JSON.stringify(await socket.next('error'));
    };
    for (const [type, dataOf] of [
      ['subscribe', ({ executionId }: World) => ({ executionId, after: 0 })],
      ['execution.cancel', ({ executionId }: World) => ({ executionId })],
      ['execution.start', ({ agentId }: World) => ({ agentId, message: 'hello' })],
      ['execution.start', ({ conversationId }: World) => ({ agentId: shared.agentId, conversationId, message: 'hello' })],
    ] as const) {
      const unknown = newWorld();
      const [ofNobody, ofAnother] = [await answerTo(type, dataOf(unknown)), await answerTo(type, dataOf(foreign))];
      expect(learnt({ status: 0, text: ofAnother, headers: new Headers() }, foreign)).toBe(learnt({ status: 0, text: ofNobody, headers: new Headers() }, unknown));
    }
    socket.cut();
  });

  it('is not reached by an action either', async () => {
    for (const [actionType, data] of [
      ['conversation.get_history', { conversationId: foreign.conversationId }],
      ['conversation.get_context', { conversationId: foreign.conversationId }],
      ['management.get_agent_config', { agentId: foreign.agentId }],
      ['execution.cancel', { executionId: foreign.executionId }],
      ['migration.migrate_conversation_explicitly', { conversationId: foreign.conversationId }],
    ] as const) {
      const { text } = await b.call('POST', '/api/v1/actions?wait=true', { actionType, agentId: foreign.agentId, sessionId: foreign.sessionId, data });
      expect([actionType, text.includes(a.mark)]).toEqual([actionType, false]);
    }
  });
});
