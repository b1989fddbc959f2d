import { IsInt, IsObject, IsOptional, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, MAX_MESSAGE_CHARACTERS } from '../../../contracts/index.js';

/** One turn of an agent. */
export class StartExecutionDto {
  @IsString() @Length(1, MAX_MESSAGE_CHARACTERS) message!: string;
  /** A conversation of yours to go on with; default: the session's active one, or a new one. */
  @IsOptional() @IsUUID() conversationId?: string;
  /** Default: a new session. */
  @IsOptional() @Matches(CLIENT_ID) sessionId?: string;
  @IsOptional() @Matches(CLIENT_ID) userId?: string;
  /** Kept with the conversation. */
  @IsOptional() @IsObject() metadata?: Record<string, unknown>;
  /** Model calls at the most; the agent and the tier may allow fewer. */
  @IsOptional() @IsInt() @Min(1) @Max(100) maxIterations?: number;
  /** Time-out of the run in milliseconds; the tier may allow less. */
  @IsOptional() @IsInt() @Min(1) timeoutMs?: number;
}
