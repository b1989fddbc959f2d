import { IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID, IsId, IsMetadata, Optional } from '../../../../contracts/index.js';

export class CreateConversationDto {
  /** Whom it is with. It is not looked up: only a turn needs an agent that is there. */
  @IsId() agentId!: string;
  /** Default: a new session. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** Whose limits its window has; default: the model of agents that name none. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
}
