import { newId } from '../../src/contracts/index.js';
import { newRunOf } from '../../src/modules/execution/runs/new-run.js';
import { RunStore } from '../../src/modules/execution/runs/run.store.js';
import { ActionBus } from '../../src/shared/actions/index.js';
import type { TestApp } from './test-app.js';

/** What a job is to say besides what every run says. */
export interface RunJob {
  readonly tenantId: string;
  readonly agentId: string;
  readonly conversationId?: string;
  readonly contextCacheKey?: string;
}

/** Queues a run past the orchestrator, with whatever context key, as somebody could who writes to the queue. */
export async function queueRun({ app }: TestApp, { tenantId, agentId, conversationId = newId(), contextCacheKey }: RunJob): Promise<{ executionId: string; conversationId: string }> {
  const [executionId, sessionId] = [newId(), newId()];
  const data = { conversationId, sessionId, message: 'hello', messageType: 'text', userInfo: {} };
  const envelope = { actionId: newId(), tenantId, tenantTier: 'enterprise', agentId, sessionId, taskId: executionId, metadata: {}, createdAt: new Date().toISOString() } as const;
  const action = { ...envelope, data, ...(contextCacheKey !== undefined && { contextCacheKey }) };
  await app.get(RunStore, { strict: false }).accept(newRunOf(action, agentId, 'enqueue'));
  await app.get(ActionBus, { strict: false }).send('execution.agent_run', action, { jobId: executionId });
  return { executionId, conversationId };
}
