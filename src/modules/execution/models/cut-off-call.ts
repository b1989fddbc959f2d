import type { ModelMessage } from 'ai';
import type { TokenUsage } from '../../../contracts/index.js';

/** A call of which the provider has not said what it has used. */
export interface CutOffCall {
  readonly instructions: string | undefined;
  readonly messages: readonly ModelMessage[];
  /** What came of the answer: its text, what the model thought, and what it asked tools for. */
  readonly said: string;
}

/** What a call that was cut off has used, as near as that can be told from what was sent and what came. */
export function estimatedUsage({ instructions = '', messages, said }: CutOffCall, countTokens: (text: string) => number): TokenUsage {
  const inputTokens = [instructions, ...messages.flatMap(textsOf)].reduce((sum, text) => sum + countTokens(text), 0);
  const outputTokens = countTokens(said);
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, isEstimated: true };
}

function textsOf({ content }: ModelMessage): string[] {
  if (typeof content === 'string') return [content];
  return content.map((part) => (part.type === 'text' || part.type === 'reasoning' ? part.text : JSON.stringify(part)));
}
