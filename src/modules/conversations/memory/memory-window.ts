import type { Message } from '../conversation.js';

export interface MemoryWindow {
  /** Oldest first. */
  readonly messages: readonly Message[];
  readonly totalTokens: number;
  /** True only if something was left out. */
  readonly isTruncated: boolean;
}

/**
 * The newest messages that fit the budget. System messages and the newest message always stay.
 *
 * @param messages     oldest first, `tokens` counted at append
 * @param budgetTokens model tokens left for history
 * @source seed 003, section 3: FIFO by tokens
 */
export function fitWindow(messages: readonly Message[], budgetTokens: number): MemoryWindow {
  const newest = messages.at(-1);
  let totalTokens = 0;
  const kept: Message[] = [];
  const keep = (message: Message): void => {
    totalTokens += message.tokens;
    kept.push(message);
  };
  const isAlwaysKept = (message: Message): boolean => message.role === 'system' || message === newest;
  messages.filter(isAlwaysKept).forEach(keep);
  for (const message of messages.toReversed().filter((candidate) => !isAlwaysKept(candidate))) {
    if (totalTokens + message.tokens > budgetTokens) break;
    keep(message);
  }
  return { messages: kept.sort((a, b) => a.seq - b.seq), totalTokens, isTruncated: kept.length < messages.length };
}
