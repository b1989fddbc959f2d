import type { ApiClient } from '../support/api-client.js';

/** A `builtin/chat` agent. @param prompt may hold directives such as `@delay 20` */
export async function createAgent(client: ApiClient, prompt = '', overrides: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await client.post<{ agentId: string }>('/api/v1/agents', { name: 'Test agent', systemPrompt: prompt, ...overrides });
  if (status !== 201) throw new Error(`the agent was refused: ${JSON.stringify(body)}`);
  return body.agentId;
}
