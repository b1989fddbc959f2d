import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from './api-client.js';

/** An agent, or a version of one, as the API shows it. */
export interface SeenAgent {
  readonly agentId: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly [field: string]: unknown;
}

export interface SeenAgents {
  readonly data: readonly SeenAgent[];
  readonly nextCursor: string | null;
  readonly total: number;
}

export const AGENTS = '/api/v1/agents';

/** An id that nothing has. */
export const UNKNOWN_ID = '01a1fd7d-0000-7000-8000-000000000000';

/** Every field that an agent can be made with, none at its default. */
export const FULL = {
  ...{ name: 'Guide', slug: 'guide', description: 'Knows the way', type: 'workflow', systemPrompt: 'Be short.', background: 'A guide.', provider: 'builtin', model: 'builtin/chat' },
  ...{ temperature: 0, maxTokens: 10, tools: ['datetime'], collections: [], maxIterations: 2, maxHistoryMessages: 7, onConflict: 'reject', memo: { answers: { ttlSeconds: 60, toolCalls: true }, tools: [{ name: 'datetime', ttlSeconds: 1 }] }, isPublic: true, minimumTier: 'advance', tags: ['a', 'b'] },
};

/** One agent of one tenant, and what a test does with it. */
export class EditedAgent {
  readonly path: string;

  private constructor(
    readonly client: ApiClient,
    readonly agentId: string,
  ) {
    this.path = `${AGENTS}/${agentId}`;
  }

  static async create(client: ApiClient): Promise<EditedAgent> {
    return new EditedAgent(client, await createAgent(client, '', FULL));
  }

  async read(): Promise<SeenAgent> {
    return (await this.client.get<SeenAgent>(this.path)).body;
  }

  /** An edit that must succeed. */
  async edit(body: unknown): Promise<SeenAgent> {
    const answer = await this.client.patch<SeenAgent>(this.path, body);
    if (answer.status !== 200) throw new Error(`the edit was refused: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async versions(query = ''): Promise<SeenAgents> {
    return (await this.client.get<SeenAgents>(`${this.path}/versions${query}`)).body;
  }

  async run(): Promise<{ executionId: string; conversationId: string }> {
    return (await this.client.post<{ executionId: string; conversationId: string }>(`${this.path}/executions`, { message: 'hi' })).body;
  }
}

/** Status and code of an answer that refuses. */
export async function refusal(client: ApiClient, method: string, path: string, body?: unknown): Promise<[number, string]> {
  const answer = await client.call<ErrorAnswer>(method, path, body);
  return [answer.status, answer.body.code];
}

/** Status, code and faulty fields of an answer that refuses. */
export async function faults(client: ApiClient, method: string, path: string, body?: unknown): Promise<[number, string, string[]]> {
  const answer = await client.call<ErrorAnswer>(method, path, body);
  return [answer.status, answer.body.code, [...new Set(answer.body.details?.fields?.map(({ field }) => field))]];
}
