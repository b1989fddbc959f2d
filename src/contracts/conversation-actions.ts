import { IsBoolean, IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { IsContent, IsId, IsMetadata, Optional } from './fields.js';
import { CLIENT_ID } from './ids.js';
import { MESSAGE_ROLES, type MessageRole } from './messages.js';

/**
 * `conversation.save_message`: into the conversation named, or into that of the action's `sessionId` and `agentId`, which begins with it if there is none.
 *
 * @source seed 003; `originals.md` section 1.3
 */
export class SaveMessageData {
  @Optional() @IsId() conversationId?: string;
  /** Default: the action's id, so that the same action again is the same message. */
  @Optional() @Matches(CLIENT_ID) messageId?: string;
  @IsIn(MESSAGE_ROLES) role!: MessageRole;
  @IsContent() content!: string;
  /** Model of a conversation that begins; default: the one of agents that name none. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Tokens, if the sender has counted them. */
  @Optional() @IsInt() @Min(0) @Max(10_000_000) tokensEstimate?: number;
  /** seq of the newest message as the sender knows it; refused unless it still is. */
  @Optional() @IsInt() @Min(0) expectedSeq?: number;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
}

export interface SavedMessageAnswer {
  readonly conversationId: string;
  readonly messageId: string;
  readonly seq: number;
  readonly tokensUsed: number;
}

/** `conversation.get_context`: what a model is shown of a conversation, or of the one of the action's `sessionId` and `agentId`. */
export class GetContextData {
  @Optional() @IsId() conversationId?: string;
  /** Whose limit counts; default: the conversation's. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Tokens at the most, if the model allows more. */
  @Optional() @IsInt() @Min(1) @Max(10_000_000) maxTokens?: number;
}

export interface ContextAnswer {
  /** '' for a session that has no conversation. */
  readonly conversationId: string;
  /** Oldest first. */
  readonly messages: readonly { readonly role: MessageRole; readonly content: string; readonly tokens: number }[];
  readonly totalTokens: number;
  readonly model: string;
  /** True only if something was left out or cut. */
  readonly truncationApplied: boolean;
}

/** `conversation.get_history`: the last messages of a conversation, or of the one of the action's `sessionId` and `agentId`. */
export class GetHistoryData {
  @Optional() @IsId() conversationId?: string;
  /** Default 10. */
  @Optional() @IsInt() @Min(1) @Max(1_000) limit?: number;
  /** System messages, too; default false. */
  @Optional() @IsBoolean() includeSystem?: boolean;
}

export interface HistoryAnswer {
  /** null for a session that has no conversation. */
  readonly conversationId: string | null;
  /** Oldest first; times in ISO 8601. */
  readonly messages: readonly {
    readonly messageId: string;
    readonly seq: number;
    readonly role: MessageRole;
    readonly content: string;
    readonly tokens: number;
    readonly agentId: string | null;
    readonly executionId: string | null;
    readonly metadata: Readonly<Record<string, unknown>> | null;
    readonly createdAt: string;
  }[];
  /** Messages of the conversation in all. */
  readonly total: number;
}

/** `conversation.session_closed`: the action's session is over; its conversations are completed and moved. */
export class SessionClosedData {
  /** Only if no socket is open on the session. */
  @Optional() @IsBoolean() unlessConnected?: boolean;
}

export interface SessionClosedAnswer {
  readonly sessionId: string;
  /** Those that were active. */
  readonly conversationIds: readonly string[];
}
