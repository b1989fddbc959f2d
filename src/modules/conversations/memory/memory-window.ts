import type { Message } from '../conversation.js';
import type { TruncatedText } from './token-counting.js';

export interface MemoryWindow {
  /** Oldest first; `tokens` of each as it is shown to the model. */
  readonly messages: readonly Message[];
  readonly totalTokens: number;
  /** True only if something was left out or cut. */
  readonly truncationApplied: boolean;
}

/** The beginning of a text that is at most `maxTokens` tokens, or all of it. */
export type Truncate = (text: string, maxTokens: number) => TruncatedText;

/**
 * The newest messages that fit the budget, without a gap: the first that does not fit ends them. System messages and the newest message always stay.
 * If these alone are too many, the newest is cut to what the system messages leave, at least half of the budget; then the system messages take
 * what is left, oldest first, and the one that does not fit is cut. A message cut to nothing is left out.
 *
 * @param messages     oldest first, `tokens` counted at append; they are not changed
 * @param budgetTokens model tokens for history, a whole number from 0; the window never has more
 * @param truncate     counts as the model does; asked only for a message that is too long as it was counted
 * @source seed 003, section 3: FIFO by tokens. The seed's code drops system messages too, and one message over the budget leaves nothing: both mended here
 */
export function fitWindow(messages: readonly Message[], budgetTokens: number, truncate: Truncate): MemoryWindow {
  const [older, newest] = [messages.slice(0, -1), messages.slice(-1)];
  const [system, others] = [older.filter(isSystem), older.filter((message) => !isSystem(message))];
  const newestRoom = Math.max(budgetTokens - tokensOf(system), Math.ceil(budgetTokens / 2));
  const first = pin(newest, newestRoom, truncate);
  const second = pin(system, budgetTokens - tokensOf(first.shown), truncate);
  const pinned = [...first.shown, ...second.shown];
  const arePinnedWhole = first.areWhole && second.areWhole;
  // What cuts have left over is for nobody: it would be a gap.
  const run = arePinnedWhole ? newestThatFit(others, budgetTokens - tokensOf(pinned)) : [];
  const shown = [...pinned, ...run].sort((a, b) => a.seq - b.seq);
  return { messages: shown, totalTokens: tokensOf(shown), truncationApplied: !arePinnedWhole || run.length < others.length };
}

function isSystem({ role }: Message): boolean {
  return role === 'system';
}

function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** As many as there is room for, in their order; the first that does not fit is cut, and behind it there is no more room. */
function pin(messages: readonly Message[], roomTokens: number, truncate: Truncate): { shown: Message[]; areWhole: boolean } {
  const shown: Message[] = [];
  let [leftTokens, areWhole] = [roomTokens, true];
  for (const message of messages) {
    const fitted = message.tokens <= leftTokens ? message : { ...message, ...beginning(message, leftTokens, truncate) };
    const isWhole = fitted.content === message.content;
    if (isWhole || fitted.content !== '') shown.push(fitted);
    leftTokens = isWhole ? leftTokens - fitted.tokens : 0;
    areWhole &&= isWhole;
  }
  return { shown, areWhole };
}

function beginning({ content }: Message, maxTokens: number, truncate: Truncate): Pick<Message, 'content' | 'tokens'> {
  const { text, tokens } = truncate(content, maxTokens);
  return { content: text, tokens };
}

/** @param messages oldest first */
function newestThatFit(messages: readonly Message[], roomTokens: number): readonly Message[] {
  let [from, leftTokens] = [messages.length, roomTokens];
  for (const message of messages.toReversed()) {
    if (message.tokens > leftTokens) break;
    leftTokens -= message.tokens;
    from -= 1;
  }
  return messages.slice(from);
}
