import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID, TIERS, type Tier } from '../../../contracts/index.js';

export class CreateTenantDto {
  /** Default: a new UUID. */
  @IsOptional() @Matches(CLIENT_ID) tenantId?: string;
  @IsString() @Length(1, 200) name!: string;
  @IsIn(TIERS) tier: Tier = 'free';
}
