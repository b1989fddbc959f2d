import { IsIn, IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID, Optional, type Tier, TIERS } from '../../../contracts/index.js';

export class CreateTenantDto {
  /** Default: a new UUID. */
  @Optional() @Matches(CLIENT_ID) tenantId?: string;
  @IsString() @Length(1, 200) name!: string;
  @IsIn(TIERS) tier: Tier = 'free';
}
