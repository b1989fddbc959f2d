import type { ExecutionStatus } from '../../../contracts/index.js';
import type { Execution } from '../execution.js';
import type { Command, CommandChange, StoredStatus } from './command.js';
import { NOT_STARTED } from './commands.errors.js';

/** A command whose run is not there this long after its row was written was never accepted. A guess, far beyond the time-outs of an acceptance. */
const START_GRACE_MS = 60_000;

/** `cancelled` is a status of its own: docs/decisions/0030 */
const STATUSES: Readonly<Record<ExecutionStatus, StoredStatus>> = { queued: 'pending', running: 'pending', completed: 'completed', failed: 'failed', cancelled: 'cancelled', timedOut: 'failed' };

/** What the end of its run makes of a command: the same for the same execution, however often it is told. */
export function endingOf({ status, conversationId, sessionId, result, error, usage, queuedAt, endedAt }: Execution): CommandChange {
  return {
    ...{ status: STATUSES[status], conversationId, sessionId, results: result ? [result] : [], error },
    inputTokens: usage?.inputTokens ?? null,
    outputTokens: usage?.outputTokens ?? null,
    durationMs: endedAt ? endedAt.getTime() - queuedAt.getTime() : null,
  };
}

/** Whether the process that wrote the row must have died, or failed, before the run was accepted. */
export function isAbandoned({ createdAt }: Pick<Command, 'createdAt'>, now: number): boolean {
  return now - createdAt > START_GRACE_MS;
}

/** Whether it was told that its run was never accepted. Whoever sends it again has it accepted after all. */
export function wasGivenUp({ error }: Pick<Command, 'error'>): boolean {
  return error?.code === NOT_STARTED;
}

/** A command that was given up as it was before; any other one as it is. */
export function reopened(command: Command): Command {
  return wasGivenUp(command) ? { ...command, status: 'pending', error: null } : command;
}

export const ABANDONED: CommandChange = {
  status: 'failed',
  error: { code: NOT_STARTED, message: 'The run of this command was never accepted; nothing was done. Send the command again.' },
};
