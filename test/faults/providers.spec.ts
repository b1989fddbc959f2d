import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, SeenEvent } from '../support/api-client.js';
import { MODEL_FAULTS, MODEL_KEY } from '../support/model-faults.js';
import { ModelServer } from '../support/model-server.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';

describe('explore', () => {
  let database: TestDatabase;
  let redis: Redis;
  let model: ModelServer;
  let server: ServerProcess;
  let acme: ApiClient;
  let agentId: string;
  beforeAll(async () => {
    [database, redis, model] = await Promise.all([createDatabase(), emptyRedis(), ModelServer.start()]);
    server = await ServerProcess.start({ DATABASE_URL: database.url, REDIS_URL: redisUrl, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: MODEL_KEY, LOG_LEVEL: 'debug' });
    acme = await server.client('acme');
    agentId = await createAgent(acme, 'Be brief.', { provider: 'openai-compatible', model: 'tiny', tools: ['calculator'] });
  }, 120_000);
  afterAll(async () => {
    await server?.end('SIGKILL');
    await model.close();
    redis.disconnect();
    await database.drop();
  });
  it('x', async () => {
    const cut = (x: unknown): string => { const t = JSON.stringify(x) ?? ''; return t.length > 300 ? t.slice(0, 200) + `…${String(t.length)}` : t; };
    const lines: string[] = [];
    await Promise.all(Object.entries(MODEL_FAULTS).map(async ([name, reaction]) => {
      const t0 = Date.now();
      const say = [name];
      try {
        model.on(name, reaction);
        const a = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: name, timeoutMs: 12000 });
        const events: SeenEvent[] = await acme.events(a.body.executionId);
        const ex = (await acme.get<any>(`/api/v1/executions/${a.body.executionId}`)).body;
        say.push(events.map((e) => e.type.replace('execution.', '')).join(' '), `${ex.status} err=${cut(ex.error)} usage=${cut(ex.usage)} result=${cut(ex.result)}`, cut(events.at(-1)), `calls ${String(model.callsFor(name).length)} key ${String(JSON.stringify(events).includes(MODEL_KEY))}`);
        const b = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: `next ${name}`, conversationId: a.body.conversationId });
        const ev2 = await acme.events(b.body.executionId);
        say.push('NEXT ' + ev2.at(-1)!.type + cut(ev2.at(-1)!.data) + cut(model.callsFor(`next ${name}`).at(-1)?.body.messages));
        const msgs = (await acme.get<any>(`/api/v1/conversations/${a.body.conversationId}/messages`)).body;
        say.push(cut(msgs.data?.map((m: any) => [m.role, String(m.content).slice(0, 30), m.metadata])));
      } catch (e) { say.push('THROWN ' + String((e as Error).stack).slice(0, 500)); }
      lines.push(say.join('\n   ') + ` [${String(Date.now() - t0)} ms]`);
    }));
    process.stdout.write(lines.join('\n') + '\nKEYLOG ' + String(server.output.includes(MODEL_KEY)) + ' open ' + String(model.openSockets) + '\n' + server.output.split('\n').filter((l) => /"level":(40|50|60)/.test(l)).map((l) => l.slice(0, 600)).join('\n') + '\n');
  }, 100_000);
});
