import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, SeenEvent } from '../support/api-client.js';
import { MODEL_FAULTS, MODEL_KEY, type ModelFault } from '../support/model-faults.js';
import { ModelServer } from '../support/model-server.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

interface SeenExecution {
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: { readonly content: string } | null;
  readonly usage: Readonly<Record<string, number>>;
}

interface SeenMessage {
  readonly role: string;
  readonly content: string;
  readonly metadata: { readonly isPartial?: boolean; readonly error?: unknown } | null;
}

/** A turn whose provider misbehaved, and what has become of it. */
interface Misfortune {
  readonly events: readonly SeenEvent[];
  readonly execution: SeenExecution;
  readonly messages: readonly SeenMessage[];
  readonly next: readonly SeenEvent[];
}

/** How each of them has to end: status, answer (or what there is of one), what the error says, calls of the model. */
const ENDS: Readonly<Record<ModelFault, readonly [status: 'completed' | 'failed' | 'timedOut', content: string | null, error: string | null, calls: number]>> = {
  'hangs before it answers': ['timedOut', null, 'longer than its', 1],
  'hangs behind the headers': ['timedOut', null, 'longer than its', 1],
  'hangs in mid-answer': ['timedOut', 'one two', 'longer than its', 1],
  'drips the whole answer byte by byte': ['completed', 'one two', null, 1],
  'drips without an end': ['timedOut', 'one two', 'longer than its', 1],
  'sends half a JSON': ['failed', null, 'no part of an answer: {"id"', 1],
  'sends half a JSON in mid-answer': ['failed', 'one twothree', 'no part of an answer: {"id"', 1],
  'sends no SSE': ['failed', null, 'ended before it was whole', 1],
  'sends choices of a wrong type': ['failed', null, 'no part of an answer: {"id":1', 1],
  'sends content of a wrong type': ['failed', 'one two', 'no part of an answer: {"choices"', 1],
  'sends HTML with 200': ['failed', null, 'check that the base URL', 1],
  'sends nothing with 200': ['failed', null, 'check that the base URL', 1],
  'sends an error with 200': ['failed', null, 'check that the base URL', 1],
  'sends an error in mid-answer': ['failed', 'one two', 'overloaded, key [secret]', 1],
  'is busy once, with Retry-After': ['completed', 'well', null, 2],
  'is busy once, without Retry-After': ['completed', 'well', null, 2],
  'is busy once, with Retry-After of a day': ['completed', 'well', null, 2],
  'is busy always': ['failed', null, '(HTTP 429): Incorrect API key provided: [secret]', 3],
  'fails twice': ['completed', 'well', null, 3],
  'fails always': ['failed', null, '(HTTP 503)', 3],
  'refuses the key': ['failed', null, '(HTTP 401): Incorrect API key provided: [secret]', 1],
  'cuts the connection before it answers': ['failed', null, 'Cannot connect to API', 3],
  'cuts the connection once before it answers': ['completed', 'well', null, 2],
  'cuts the connection behind the headers': ['failed', null, 'its connection broke off', 1],
  'cuts the connection in mid-answer': ['failed', 'one two', 'its connection broke off', 1],
  'cuts the connection in mid-frame': ['failed', 'one two', 'its connection broke off', 1],
  'cuts the connection before [DONE]': ['failed', 'one two', 'its connection broke off', 1],
  'ends before [DONE]': ['completed', 'one two', null, 1],
  'ends without a finish': ['failed', 'one two', 'ended before it was whole', 1],
  'ends without a finish, but with [DONE]': ['failed', 'one two', 'ended before it was whole', 1],
  'asks for a tool with half a JSON': ['completed', 'well', null, 2],
  'asks for a tool that is none': ['completed', 'well', null, 2],
  'asks for a tool without a name': ['failed', null, 'without saying for which', 1],
  'answers with nothing': ['completed', '', null, 1],
  'answers with blanks': ['completed', '  \n', null, 1],
  'sends 10 MB in one piece': ['completed', 'x'.repeat(10 * 2 ** 20), null, 1],
  'sends usage that is none': ['failed', 'well', 'no part of an answer', 1],
  'sends usage that nobody can have': ['completed', 'well', null, 1],
  'sends NUL and half a surrogate': ['completed', 'a\uFFFDb\uFFFD', null, 1],
};
/** Repeated calls wait for 2 and 4 s, and everything runs at once. Milliseconds. */
const TIMEOUT_MS = 15_000;
const NAMES = Object.keys(ENDS) as ModelFault[];

describe('a provider that', () => {
  const misfortunes = new Map<ModelFault, Promise<Misfortune>>();
  let database: TestDatabase;
  let redis: Redis;
  let model: ModelServer;
  let server: ServerProcess;
  let acme: ApiClient;
  let agentId: string;

  const turn = async (message: string, more: object = {}): Promise<Started & { events: SeenEvent[] }> => {
    const { body } = await acme.post<Started>(`/api/v1/agents/${agentId}/executions`, { message, ...more });
    return { ...body, events: await acme.events(body.executionId) };
  };
  const suffer = async (name: ModelFault): Promise<Misfortune> => {
    model.on(name, MODEL_FAULTS[name]);
    const { executionId, conversationId, events } = await turn(name, { timeoutMs: TIMEOUT_MS });
    const execution = (await acme.get<SeenExecution>(`/api/v1/executions/${executionId}`)).body;
    const next = (await turn(`then: ${name}`, { conversationId })).events;
    return { events, execution, next, messages: (await acme.get<{ data: SeenMessage[] }>(`/api/v1/conversations/${conversationId}/messages?after=0`)).body.data };
  };

  beforeAll(async () => {
    [database, redis, model] = await Promise.all([createDatabase(), emptyRedis(), ModelServer.start()]);
    server = await ServerProcess.start({ DATABASE_URL: database.url, REDIS_URL: redisUrl, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: MODEL_KEY, LOG_LEVEL: 'debug' });
    acme = await server.client('acme');
    agentId = await createAgent(acme, 'Be brief.', { provider: 'openai-compatible', model: 'tiny', tools: ['calculator'] });
    for (const name of NAMES) misfortunes.set(name, suffer(name));
    await Promise.allSettled(misfortunes.values());
  }, 120_000);
  afterAll(async () => {
    await server.end('SIGKILL');
    await model.close();
    redis.disconnect();
    await database.drop();
  });

  it.each(NAMES)('%s: the turn ends once, says why, keeps what there is, and the conversation goes on', async (name) => {
    const { events, execution, messages, next } = await misfortunes.get(name)!;
    const [status, content, error, calls] = ENDS[name];
    expectOneEnd(events, status);
    expectExecution(execution, status, error);
    expect(model.callsFor(name)).toHaveLength(calls);
    const said = messages.filter(({ content: text }) => !text.includes(name) && text !== 'ok');
    if (name === 'drips without an end') expect(execution.result?.content).toMatch(/^one two(never)*$/);
    else expect([execution.result?.content ?? null, said.map(({ content: text }) => text)]).toEqual([content, content === null ? [] : [content]]);
    expect(said.filter(({ metadata }) => metadata?.isPartial === true)).toHaveLength(status === 'completed' ? 0 : said.length);
    expect(messages.map(({ role }) => role)).toEqual(['user', ...said.map(() => 'assistant'), 'user', 'assistant']);
    expect(next.at(-1)?.type).toBe('execution.completed');
  });

  it('asks for tools that cannot be called is told so', async () => {
    for (const [name, words] of [['asks for a tool with half a JSON', 'calculator'], ['asks for a tool that is none', 'rm_rf']] as const) {
      const { events } = await misfortunes.get(name)!;
      expect(events.filter(({ type }) => type.startsWith('tool.')).map(({ type, data }) => [type, data['name']])).toEqual([['tool.started', words], ['tool.completed', words]]);
      expect(events.find(({ type }) => type === 'tool.completed')?.data['error']).toEqual(expect.any(String));
    }
  });

  it('answers with nothing is not shown its silence again', async () => {
    await misfortunes.get('answers with nothing');
    expect(model.callsFor('then: answers with nothing').at(-1)?.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'user']);
  });

  it('misbehaves in whatever way leaves no call open, no key anywhere, and every run in PostgreSQL', async () => {
    await Promise.allSettled(misfortunes.values());
    await waitFor('the end of every call', () => model.openCalls === 0);
    expect(server.output).not.toContain(MODEL_KEY);
    for (const { events, execution, messages } of await Promise.all(misfortunes.values())) expect(JSON.stringify([events, execution, messages])).not.toContain(MODEL_KEY);
    await waitFor('the records', async () => (await database.query('SELECT 1 FROM executions')).length === 2 * NAMES.length);
  });
});

function expectOneEnd(events: readonly SeenEvent[], status: string): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.flatMap(({ type }, i) => (/^execution\.(completed|failed|cancelled|timedOut)$/.test(type) ? [[type, i]] : []))).toEqual([[`execution.${status}`, events.length - 1]]);
}

function expectExecution(execution: SeenExecution, status: string, error: string | null): void {
  const message = execution.error?.message ?? null;
  expect([execution.status, message]).toEqual([status, error === null ? null : expect.stringContaining(error)]);
  expect((message ?? '').length).toBeLessThan(800);
  const { inputTokens, outputTokens, totalTokens } = execution.usage;
  for (const tokens of [inputTokens, outputTokens, totalTokens]) expect(tokens).toBeGreaterThanOrEqual(0);
  expect(totalTokens).toBe(inputTokens! + outputTokens!);
}
