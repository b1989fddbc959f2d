import type { ExecutionStatus } from '../../../contracts/index.js';
import type { Execution } from '../execution.js';

/** Fields of the state hash that can be set with events; what is undefined stays as it is. `lastEventSeq` is the log's own. */
export type StateChange = Partial<Omit<Execution, 'lastEventSeq'>>;

/** A change as `append-events.lua` takes it: texts; objects as JSON, times in epoch milliseconds, null as nothing. */
export function toHash(change: StateChange): Record<string, string> {
  return Object.fromEntries(Object.entries(change).flatMap(([field, value]) => (value === null ? [] : [[field, toText(value)]])));
}

function toText(value: string | number | Date | object): string {
  if (value instanceof Date) return String(value.getTime());
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** @returns null for a hash that does not exist */
export function fromHash(fields: Readonly<Record<string, string>>): Execution | null {
  const { executionId, agentId, conversationId, sessionId, status } = fields;
  if (executionId === undefined || agentId === undefined || conversationId === undefined || sessionId === undefined) return null;
  return {
    ...{ executionId, agentId, conversationId, sessionId },
    status: status as ExecutionStatus,
    agentVersion: numberOf(fields['agentVersion']),
    userId: textOf(fields['userId']),
    commandId: textOf(fields['commandId']),
    webhookUrl: textOf(fields['webhookUrl']),
    attempt: numberOf(fields['attempt']) ?? 0,
    result: jsonOf(fields['result']),
    usage: jsonOf(fields['usage']),
    costMicros: numberOf(fields['costMicros']),
    error: jsonOf(fields['error']),
    contextSource: textOf(fields['contextSource']),
    lastEventSeq: numberOf(fields['lastEventSeq']) ?? 0,
    queuedAt: dateOf(fields['queuedAt']) ?? new Date(0),
    startedAt: dateOf(fields['startedAt']),
    firstTokenAt: dateOf(fields['firstTokenAt']),
    endedAt: dateOf(fields['endedAt']),
  };
}

function textOf(text: string | undefined): string | null {
  return text ?? null;
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function dateOf(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(Number(text));
}

function jsonOf<T>(text: string | undefined): T | null {
  return text === undefined ? null : (JSON.parse(text) as T);
}
