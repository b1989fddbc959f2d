import type { ConflictPolicy } from '../../../contracts/index.js';
import type { Execution } from '../execution.js';
import type { NewRun } from './run.store.js';

/** Who wants to know of the end of a run. */
export type RunOrigin = Pick<Execution, 'commandId' | 'webhookUrl'>;

const NOBODY: RunOrigin = { commandId: null, webhookUrl: null };

/** The run that an action asks for. */
export function newRunOf(action: NewRun['action'], agentId: string, onConflict: ConflictPolicy, origin: RunOrigin = NOBODY): NewRun {
  const { tenantId, taskId: executionId, userId, data } = action;
  const { conversationId, sessionId } = data;
  const state = { executionId, agentId, conversationId, sessionId, userId: userId ?? null, ...origin, status: 'queued', attempt: 0, queuedAt: new Date() } as const;
  const reason = `Execution "${executionId}" has taken the conversation over (onConflict ${onConflict}).`;
  return { tenantId, executionId, conversationId, sessionId, agentId, state, action, onConflict, request: { reason, ...(onConflict === 'rollback' && { isRollback: true }) } };
}
