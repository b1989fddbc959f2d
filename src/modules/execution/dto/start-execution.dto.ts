import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { DISCONNECT_POLICIES, type DisconnectPolicy, IsMessageText, MAX_MESSAGE_CHARACTERS, Optional } from '../../../contracts/index.js';
import { TurnOptionsDto } from './turn-options.dto.js';

/** One turn of an agent. */
export class StartExecutionDto extends TurnOptionsDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_MESSAGE_CHARACTERS }) @IsMessageText() message!: string;
  /** When you close the connection before the end, with `?wait=true` or `Accept: text/event-stream`: the run goes on, or is cancelled. Default: it goes on. */
  @Optional() @IsIn(DISCONNECT_POLICIES) onDisconnect?: DisconnectPolicy;
}
