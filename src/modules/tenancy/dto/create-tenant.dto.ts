import { IsString, Length, Matches } from 'class-validator';
import { CLIENT_ID, IsTier, Optional, type Tier } from '../../../contracts/index.js';

export class CreateTenantDto {
  /** Default: a new UUID. */
  @Optional() @Matches(CLIENT_ID) tenantId?: string;
  @IsString() @Length(1, 200) name!: string;
  /** free, advance (or basic), professional (or pro, business), enterprise. */
  @IsTier() tier: Tier = 'free';
}
