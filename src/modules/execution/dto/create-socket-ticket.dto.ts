import { Matches } from 'class-validator';
import { CLIENT_ID, Optional } from '../../../contracts/index.js';

/** What a ticket is to be for. */
export class CreateSocketTicketDto {
  /** The socket is of this session and may do nothing in another one. Default: it may name its session itself. */
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
}
