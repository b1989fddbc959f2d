import { IsInt, IsObject, IsOptional, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID } from './ids.js';
import { MAX_MESSAGE_CHARACTERS } from './messages.js';

/** `data` of the client frame `execution.start`: one turn, whose events this socket then receives. */
export class ExecutionStartFrame {
  @IsUUID() agentId!: string;
  @IsString() @Length(1, MAX_MESSAGE_CHARACTERS) message!: string;
  @IsOptional() @IsUUID() conversationId?: string;
  /** Default: the session that the socket was opened with. */
  @IsOptional() @Matches(CLIENT_ID) sessionId?: string;
  @IsOptional() @Matches(CLIENT_ID) userId?: string;
  @IsOptional() @IsObject() metadata?: Record<string, unknown>;
  @IsOptional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  @IsOptional() @IsInt() @Min(1) timeoutMs?: number;
}

/** `data` of the client frame `subscribe`: the events of an execution with a seq above `after`, from the log and then live. */
export class SubscribeFrame {
  @IsUUID() executionId!: string;
  @IsOptional() @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) after?: number;
}

/** `data` of the client frame `unsubscribe`. */
export class UnsubscribeFrame {
  @IsUUID() executionId!: string;
}

/** What the server sends besides execution events. */
export interface ServerFrames {
  'connection.ack': { connectionId: string; sessionId: string; tenantId: string; tier: string; serverTime: string };
  pong: { serverTime: string };
  /** `frameType`: the type of the client's frame that failed. */
  error: { code: string; message: string; frameType?: string; details?: unknown };
}
