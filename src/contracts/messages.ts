/** Who speaks in a conversation. */
export const MESSAGE_ROLES = ['system', 'user', 'assistant', 'tool'] as const;

export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** Longest message a client may send, in UTF-16 code units. */
export const MAX_MESSAGE_CHARACTERS = 32_000;

/** Tokens a model read and wrote. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
}
