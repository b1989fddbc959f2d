import type { ExecutionError } from '../../../contracts/index.js';
import type { ExecutionResult } from '../execution.js';

/** The states of a command; `running` is never stored: it is what a pending one is while its run goes on. */
export const COMMAND_STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled', 'pending_supervision'] as const;

export type CommandStatus = (typeof COMMAND_STATUSES)[number];

/** What the table keeps, and lists can be filtered by. */
export const STORED_STATUSES = ['pending', 'completed', 'failed', 'cancelled'] as const satisfies readonly CommandStatus[];

export type StoredStatus = (typeof STORED_STATUSES)[number];

/** What the cache has a rule for. */
interface RuledFields {
  readonly agentBackground?: string | null;
  readonly model?: string | null;
  readonly modelId?: string | null;
  readonly results?: readonly unknown[];
  /** `dbUuid`: the id in the database, by which the command is found, too. */
  readonly metadata?: { readonly dbUuid?: string; readonly [name: string]: unknown };
}

/**
 * What the cache knows of a command. Whatever else is in it is kept as JSON would keep it.
 *
 * @source seed 002; `originals.md` section 3.1, in camelCase
 */
export interface CachedCommand extends RuledFields {
  readonly id: string;
  readonly status: CommandStatus;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds; every update makes it larger, by 1 at least. */
  readonly updatedAt: number;
  readonly [field: string]: unknown;
}

/** What an update may bring; what is undefined stays as it is. `id` and `createdAt` are not the caller's to change. */
export interface CommandUpdates extends RuledFields {
  readonly status?: CommandStatus | 'waiting_for_supervision';
  readonly [field: string]: unknown;
}

/** What was asked of an agent, and what came of it. */
export interface Command extends CachedCommand {
  readonly tenantId: string;
  /** `cmd_…`, by which the caller knows it. */
  readonly id: string;
  readonly agentId: string;
  /** The agent's background when the command was made. */
  readonly agentBackground: string | null;
  readonly task: string;
  readonly description: string | null;
  readonly targets: readonly string[];
  /** Instead of the agent's: what this command asked for, null where it asked for nothing. */
  readonly provider: string | null;
  readonly model: string | null;
  readonly temperature: number | null;
  readonly maxTokens: number | null;
  readonly userId: string | null;
  readonly callerMetadata: Readonly<Record<string, unknown>>;
  readonly status: CommandStatus;
  /** The run that carries it out; known before it is accepted. */
  readonly executionId: string;
  /** Null until the run has ended. */
  readonly conversationId: string | null;
  readonly sessionId: string | null;
  readonly results: readonly ExecutionResult[];
  readonly error: ExecutionError | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** From acceptance to the end. */
  readonly durationMs: number | null;
  readonly metadata: { readonly dbUuid: string };
}

/** What of a command can change, as the table has it. */
export type CommandChange = Partial<Pick<Command, 'agentBackground' | 'callerMetadata' | 'status' | 'conversationId' | 'sessionId' | 'results' | 'error' | 'inputTokens' | 'outputTokens' | 'durationMs'>>;

/** A command in the database. */
export interface CommandRef {
  readonly tenantId: string;
  /** Its UUID. */
  readonly commandId: string;
}

const LAST_LETTERS = 7;

/** An id that a command has at once, before the database has it: when it was made, and the end of its other id. @source `originals.md` section 3.1 */
export function temporaryId(commandId: string): string {
  const madeAt = parseInt(commandId.replace('-', '').slice(0, 12), 16);
  return `cmd_${String(madeAt)}_${commandId.slice(-LAST_LETTERS)}`;
}

/** Whether nothing of it changes by itself any more. */
export function isEnded(status: CommandStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** One spelling of each status; the seed's documents also write `waiting_for_supervision`. */
export function canonicalStatus(status: CommandStatus | 'waiting_for_supervision'): CommandStatus {
  return status === 'waiting_for_supervision' ? 'pending_supervision' : status;
}
