import { type ConflictPolicy, newId } from '../../src/contracts/index.js';
import { newRunOf } from '../../src/modules/execution/runs/new-run.js';
import type { NewRun } from '../../src/modules/execution/runs/run.store.js';

/** A run of the tenant `acme` in a conversation of its own. */
export function newRun({ tenantId = 'acme', executionId = newId(), conversationId = newId(), sessionId = newId(), onConflict = 'enqueue' }: Partial<NewRun> & { readonly onConflict?: ConflictPolicy } = {}): NewRun {
  const agentId = newId();
  const data = { conversationId, sessionId, message: 'hello', messageType: 'text', userInfo: {} };
  const envelope = { actionId: newId(), tenantId, tenantTier: 'enterprise', agentId, sessionId, taskId: executionId, metadata: {}, createdAt: new Date().toISOString() } as const;
  return newRunOf({ ...envelope, data }, agentId, onConflict);
}
