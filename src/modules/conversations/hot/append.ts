import type { Message, NewConversation } from '../conversation.js';

/** What an append depends on besides the message. */
export interface AppendOptions {
  /** The session that a conversation is in once the message opens it. */
  readonly sessionId: string;
  /** Begins the conversation with this header if it is not hot. */
  readonly create?: NewConversation;
  /** Since when PostgreSQL is known to have none; with `create`. As {@link HotConversationStore.leftAt} said before it was asked. */
  readonly leftAt?: string;
  /** Active conversations of the tenant at the most; only a message that opens one is refused. */
  readonly activeLimit?: number | null;
  /** Messages of the conversation at the most. */
  readonly messageLimit?: number | null;
  /** Token of the run that appends; refused unless it is the one that the conversation's lease has. */
  readonly fencingToken?: string;
  /** seq of the newest message as the caller knows it; refused unless it still is. */
  readonly expectedSeq?: number;
  /** Revision of a transferred conversation of which PostgreSQL was told that it goes on; refused at any other. */
  readonly toldRevision?: number;
}

/** The message is in the conversation. */
export type Appended =
  | {
      readonly outcome: 'appended';
      readonly seq: number;
      /** The conversation that was its session's active one before. */
      readonly displaced: string | null;
    }
  | {
      /** There was one with this id already. */
      readonly outcome: 'repeated';
      readonly seq: number;
      /** That one; null when it is in PostgreSQL only. */
      readonly stored: Message | null;
    };

/** Nothing was changed. */
export interface Refused {
  readonly outcome: 'refused';
  readonly reason: RefusalReason;
  /** What stands against it: a status, a number or a token. */
  readonly fact: string | number;
}

/**
 * `closed`: archived or deleted. `moved`: the newest message is another one. `messages`, `conversations`: a limit. `fenced`: another run has the
 * conversation. `transferred`: PostgreSQL has to be told first. `status`, `session`: it has another one. `busy`: it has a newer message.
 * `withdrawn`: too many of its messages are.
 */
export type RefusalReason = 'closed' | 'moved' | 'messages' | 'conversations' | 'fenced' | 'transferred' | 'status' | 'session' | 'busy' | 'withdrawn';
