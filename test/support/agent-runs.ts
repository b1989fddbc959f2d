import { newId } from '../../src/contracts/index.js';
import { EventLogStore } from '../../src/modules/execution/event-log/event-log.store.js';
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
  const state = { executionId, agentId, conversationId, sessionId, userId: null, status: 'queued', attempt: 0, queuedAt: new Date() } as const;
  await app.get(EventLogStore, { strict: false }).append({ tenantId, executionId }, [{ type: 'execution.queued', data: { agentId } }], state);
  const data = { conversationId, sessionId, message: 'hello', messageType: 'text', userInfo: {} };
  const action = { tenantId, tenantTier: 'enterprise', agentId, sessionId, taskId: executionId, metadata: {}, data, ...(contextCacheKey !== undefined && { contextCacheKey }) } as const;
  await app.get(ActionBus, { strict: false }).send('execution.agent_run', action, { jobId: executionId });
  return { executionId, conversationId };
}
