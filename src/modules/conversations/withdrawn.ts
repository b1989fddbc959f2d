import type { Message } from './conversation.js';

/** Withdrawn messages of one conversation at the most: their seqs are read with its header. A guess: 500 turns that were rolled back. */
export const MAX_WITHDRAWN = 1_000;

/** The ids that a run gives its messages. */
export function messageIdsOf(executionId: string): string[] {
  return [`${executionId}.user`, `${executionId}.assistant`];
}

/** What is left when what was taken back is left out. */
export function withoutWithdrawn(messages: readonly Message[], withdrawnSeqs: readonly number[]): readonly Message[] {
  if (withdrawnSeqs.length === 0) return messages;
  const isWithdrawn = new Set(withdrawnSeqs);
  return messages.filter(({ seq }) => !isWithdrawn.has(seq));
}

/** All of them; what was taken back says so. */
export function markWithdrawn(messages: readonly Message[], withdrawnSeqs: readonly number[]): readonly Message[] {
  if (withdrawnSeqs.length === 0) return messages;
  const isWithdrawn = new Set(withdrawnSeqs);
  return messages.map((message) => (isWithdrawn.has(message.seq) ? { ...message, isWithdrawn: true as const } : message));
}

/**
 * Where the newest messages begin that are not withdrawn. The same rule in `window.lua`.
 *
 * @param newest        seq of the newest message
 * @param count         messages wanted
 * @param withdrawnSeqs oldest first
 */
export function firstShown(newest: number, count: number, withdrawnSeqs: readonly number[]): number {
  let first = Math.max(1, newest - count + 1);
  for (const seq of withdrawnSeqs.toReversed()) {
    if (seq < first) break;
    first = Math.max(1, first - 1);
  }
  return first;
}
