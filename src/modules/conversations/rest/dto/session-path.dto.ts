import { Matches } from 'class-validator';
import { CLIENT_ID } from '../../../../contracts/index.js';

export class SessionPathDto {
  @Matches(CLIENT_ID) sessionId!: string;
}
