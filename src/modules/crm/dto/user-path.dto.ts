import { Matches } from 'class-validator';
import { CLIENT_ID, Optional } from '../../../contracts/index.js';

export class UserPathDto {
  @Matches(CLIENT_ID) userId!: string;
  /** The path may name the tenant; the guard has seen to it that it is the caller's. */
  @Optional() @Matches(CLIENT_ID) tenantId?: string;
}
