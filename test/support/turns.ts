import { createAgent } from '../factories/agent.js';
import type { ApiClient, SeenEvent } from './api-client.js';

/** One turn from its request to its end. */
export interface SeenTurn {
  readonly events: readonly SeenEvent[];
  /** The data of every event of a type. */
  readonly of: (type: string) => Record<string, unknown>[];
  /** The execution as the API shows it. */
  readonly execution: { readonly status: string; readonly result: { readonly content: string; readonly provider: string | null; readonly model: string | null } | null; readonly error: { readonly code: string; readonly message: string } | null; readonly usage: Record<string, number> };
}

/** Runs an agent that is there. */
export async function runAgent(client: ApiClient, agentId: string, body: Record<string, unknown> = {}): Promise<SeenTurn> {
  const started = await client.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', ...body });
  if (started.status !== 202) throw new Error(`the run was refused: ${JSON.stringify(started.body)}`);
  const events = await client.events(started.body.executionId);
  const execution = (await client.get<SeenTurn['execution']>(`/api/v1/executions/${started.body.executionId}`)).body;
  return { events, execution, of: (type) => events.flatMap((event) => (event.type === type ? [event.data] : [])) };
}

/** Makes an agent and runs it. @param prompt may hold directives */
export async function runNewAgent(client: ApiClient, prompt: string, agent: Record<string, unknown> = {}, body: Record<string, unknown> = {}): Promise<SeenTurn> {
  return runAgent(client, await createAgent(client, prompt, agent), body);
}
