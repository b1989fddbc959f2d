import type { MessageRole } from '../../contracts/index.js';

/** `transferred`: completed, and all of it is in PostgreSQL. A new message makes a completed or transferred one active again. */
export type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

export const CONVERSATION_STATUSES = ['active', 'completed', 'transferred', 'archived', 'deleted'] as const;

/** Where the messages are: in Redis, in PostgreSQL, or some in both. */
export type Storage = (typeof STORAGES)[number];

export const STORAGES = ['hot', 'cold', 'both'] as const;

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
  /** Grows with every message and every change of the header: a mover that read an older one does not overwrite a newer. */
  readonly revision: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly summary: string | null;
  /** How content the user was, 1 to 5. */
  readonly customerSatisfaction: number | null;
  readonly createdAt: Date;
  readonly lastMessageAt: Date;
  readonly closedAt: Date | null;
  /** Messages that were taken back, oldest first: they count, and no model is shown them. At most 1 000. */
  readonly withdrawnSeqs: readonly number[];
}

/** A conversation and where its messages are. */
export type StoredConversation = Conversation & { readonly storage: Storage };

/** A conversation's place in Redis and PostgreSQL. */
export interface ConversationRef {
  readonly tenantId: string;
  readonly conversationId: string;
}

/** A conversation that is in Redis. */
export interface HotConversation extends Conversation {
  /** seq of the newest message. */
  readonly seq: number;
  /** seq of the oldest message that is in Redis. */
  readonly firstHotSeq: number;
  /** The revision that PostgreSQL has; -1 when it has none. */
  readonly archivedRevision: number;
  /** Where the newest 32 system messages are; oldest first. */
  readonly systemSeqs: readonly number[];
}

/** System messages that a window has however old they are; of more the newest. The same number in `append.lua`. */
export const WINDOW_SYSTEM_MESSAGES = 32;

/** Where the messages of a hot conversation are. */
export function storageOf({ archivedSeq }: Pick<HotConversation, 'archivedSeq'>): Storage {
  return archivedSeq > 0 ? 'both' : 'hot';
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
  /** It was taken back; said only where somebody asks for such ones, too. */
  readonly isWithdrawn?: true;
}

/** Which conversations a list has. */
export interface ConversationFilter {
  readonly agentId?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly status?: ConversationStatus;
  readonly storage?: Storage;
  /** Created at this time or later. */
  readonly from?: Date;
  /** Created before this time. */
  readonly to?: Date;
  /** Words that a message has: as one types them into a search engine, with "phrases", or, and -not. */
  readonly q?: string;
  /** It has this label. */
  readonly label?: string;
  /** Who looks after it. */
  readonly assignee?: string;
}
