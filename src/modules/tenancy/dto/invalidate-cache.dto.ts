import { Matches } from 'class-validator';
import { CLIENT_ID, IsId, Optional } from '../../../contracts/index.js';

export class InvalidateCacheDto {
  @Matches(CLIENT_ID) tenantId!: string;
  /** Only what belongs to this agent, its conversations included; default: everything of the tenant. */
  @Optional() @IsId() agentId?: string;
}
