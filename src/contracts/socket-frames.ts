import { IsInt, Matches, Max, Min } from 'class-validator';
import { IsId, IsMessageText, IsMetadata, Optional } from './fields.js';
import { CLIENT_ID } from './ids.js';

/** `data` of the client frame `execution.start`: one turn, whose events this socket then receives. */
export class ExecutionStartFrame {
  @IsId() agentId!: string;
  @IsMessageText() message!: string;
  @Optional() @IsId() conversationId?: string;
  /** Default: the session that the socket was opened with. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  @Optional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  @Optional() @IsInt() @Min(1) timeoutMs?: number;
}

/** `data` of the client frame `subscribe`: the events of an execution with a seq above `after`, from the log and then live. */
export class SubscribeFrame {
  @IsId() executionId!: string;
  @Optional() @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) after?: number;
}

/** `data` of the client frame `unsubscribe`. */
export class UnsubscribeFrame {
  @IsId() executionId!: string;
}

/** What the server sends besides execution events. */
export interface ServerFrames {
  'connection.ack': { connectionId: string; sessionId: string; tenantId: string; tier: string; serverTime: string };
  pong: { serverTime: string };
  /** `frameType`: the type of the client's frame that failed. */
  error: { code: string; message: string; frameType?: string; executionId?: string; details?: unknown };
}
