/** Who speaks in a conversation. */
export const MESSAGE_ROLES = ['system', 'user', 'assistant', 'tool'] as const;

export type MessageRole = (typeof MESSAGE_ROLES)[number];

/** Longest message a client may send, in UTF-16 code units. */
export const MAX_MESSAGE_CHARACTERS = 32_000;

/** Longest message that a conversation takes, in UTF-16 code units. */
export const MAX_CONTENT_CHARACTERS = 1_048_576;

/** Most that a caller may keep with a conversation or a message, bytes of its JSON. A guess: far more than labels need. */
export const MAX_METADATA_BYTES = 65_536;

/** Tokens a model read and wrote. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** A call was cut off, and what it has used was counted here instead of by the provider. */
  readonly isEstimated?: true;
  /** Tokens of answers that were kept and given again, or shared with a call under way; no part of the other numbers. */
  readonly savedTokens?: number;
}
