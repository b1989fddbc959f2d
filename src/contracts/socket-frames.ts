import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsString, Length, Matches, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { CONFLICT_POLICIES, type ConflictPolicy } from './actions.js';
import type { ExecutionStatus } from './execution-events.js';
import { IsAlone, IsId, IsMessageText, IsMetadata, IsWebhookUrl, Optional } from './fields.js';
import { CLIENT_ID } from './ids.js';
import { MemoDirective } from './memo.js';

/** What becomes of a run when the connection that started it, waits for it or reads its events is closed before its end. */
export const DISCONNECT_POLICIES = ['continue', 'cancel'] as const;

export type DisconnectPolicy = (typeof DISCONNECT_POLICIES)[number];

/** `data` of the client frame `ping`, and what every client frame may carry. */
export class PingFrame {
  /** Of the client's choice; the answer to the frame carries it, an error too. */
  @Optional() @IsString() @Length(1, 128) requestId?: string;
}

/** `data` of the client frame `execution.start`: one turn, whose events this socket then receives. */
export class ExecutionStartFrame extends PingFrame {
  @IsId() agentId!: string;
  @IsMessageText() message!: string;
  @Optional() @IsId() conversationId?: string;
  /** Default: the session that the socket was opened with. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
  /** While another turn of the conversation has not ended. Default: the agent's. */
  @Optional() @IsIn(CONFLICT_POLICIES) onConflict?: ConflictPolicy;
  /** Is told over HTTP when the run has ended. */
  @Optional() @IsWebhookUrl() webhookUrl?: string;
  /** Of an agent that keeps its model's answers. */
  @Optional() @IsObject() @ValidateNested() @Type(() => MemoDirective) memo?: MemoDirective;
  /** Default: it goes on. */
  @Optional() @IsIn(DISCONNECT_POLICIES) onDisconnect?: DisconnectPolicy;
}

/** `data` of the client frame `execution.cancel`. */
export class ExecutionCancelFrame extends PingFrame {
  @IsId() executionId!: string;
  /** Why, for people; kept with the execution. */
  @Optional() @IsString() @Length(1, 500) reason?: string;
}

/** What a socket follows: one execution, or every one of a session. */
export class UnsubscribeFrame extends PingFrame {
  @ValidateIf(({ executionId, sessionId }: UnsubscribeFrame) => executionId !== undefined || sessionId === undefined)
  @IsId({ orElse: 'sessionId must name a session instead' })
  executionId?: string;
  @Optional() @IsAlone('executionId', 'after') @Matches(CLIENT_ID) sessionId?: string;
}

/** `data` of the client frame `subscribe`: the events of an execution with a seq above `after`, from the log and then live, or those of a session's runs. */
export class SubscribeFrame extends UnsubscribeFrame {
  @Optional() @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) after?: number;
}

/** One of the two ids, as the client's frame named it. */
interface Followed {
  executionId?: string;
  sessionId?: string;
  after?: number;
  requestId?: string;
}

/** What the server sends besides execution events. `requestId`: that of the frame which is answered. */
export interface ServerFrames {
  'connection.ack': { connectionId: string; sessionId: string; tenantId: string; tier: string; serverTime: string };
  'execution.accepted': { executionId: string; conversationId: string; sessionId: string; queuePosition: number; estimatedSeconds: number; requestId?: string };
  /** Answers `execution.cancel` when the run has ended; `status` says how: `cancelled`, or as it had ended before. */
  'execution.ended': { executionId: string; conversationId: string; sessionId: string; status: ExecutionStatus; requestId?: string };
  /** What is followed from now on, or was already; of an execution the events above `after` come behind it. */
  subscribed: Followed;
  /** What is not followed any more, or was not; nothing that was sent for it comes behind this frame. */
  unsubscribed: Omit<Followed, 'after'>;
  pong: { serverTime: string; requestId?: string };
  /** `frameType`: the type of the client's frame that failed. */
  error: { code: string; message: string; frameType?: string; requestId?: string; executionId?: string; sessionId?: string; details?: unknown };
}
