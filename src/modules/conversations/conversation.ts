import type { MessageRole } from '../../contracts/index.js';

/** `transferred`: completed, and all of it is in PostgreSQL. A new message makes a completed or transferred one active again. */
export type ConversationStatus = 'active' | 'completed' | 'transferred' | 'archived' | 'deleted';

/** Where the messages are: in Redis, in PostgreSQL, or some in both. */
export type Storage = 'hot' | 'cold' | 'both';

/** What is known of a conversation besides its messages. */
export interface Conversation {
  readonly conversationId: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly userId: string | null;
  readonly status: ConversationStatus;
  /** Model of the agent when the conversation began. */
  readonly model: string;
  readonly messageCount: number;
  readonly tokenCount: number;
  /** Messages 1 to `archivedSeq` are in PostgreSQL. */
  readonly archivedSeq: number;
  /** Grows with every change: a mover that read an older one does not overwrite a newer. */
  readonly revision: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly lastMessageAt: Date;
  readonly closedAt: Date | null;
}

/** A conversation that is in Redis. */
export interface HotConversation extends Conversation {
  /** seq of the newest message. */
  readonly seq: number;
  /** seq of the oldest message that is in Redis. */
  readonly firstHotSeq: number;
}

/** Who a new conversation belongs to. */
export type NewConversation = Pick<Conversation, 'conversationId' | 'agentId' | 'sessionId' | 'userId' | 'model' | 'metadata'>;

/** A message before it has its place. */
export interface NewMessage {
  /** Chosen by the caller; the same id again is the same message. */
  readonly messageId: string;
  readonly role: MessageRole;
  readonly content: string;
  readonly agentId: string | null;
  readonly executionId: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** A message of a conversation; `seq` is dense from 1. */
export interface Message extends NewMessage {
  readonly seq: number;
  /** Counted once, when it was appended. */
  readonly tokens: number;
  readonly createdAt: Date;
}
