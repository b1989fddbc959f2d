import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, CURSOR_RULE, IsQueryBoolean, IsTier, Optional, type Tier, TIERS } from '../../../contracts/index.js';
import type { Tenant } from '../tenants.service.js';

export class TenantDto {
  tenantId!: string;
  name!: string;
  tier!: Tier;
  /** False: none of its keys opens anything. */
  isActive!: boolean;
  createdAt!: Date;

  static of({ tenantId, name, tier, isActive, createdAt }: Tenant): TenantDto {
    return { tenantId, name, tier, isActive, createdAt };
  }
}

export class TenantPageDto {
  /** Newest first. */
  data!: TenantDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many match in all. */
  total!: number;
}

export class TenantPathDto {
  @Matches(CLIENT_ID) tenantId!: string;
}

export class ListTenantsDto {
  @Optional() @IsIn(TIERS) tier?: Tier;
  /** Only tenants that are switched on (`true`) or off (`false`). */
  @Optional() @IsQueryBoolean() isActive?: boolean;
  /** Part of the id or the name. */
  @Optional() @IsString() @Length(1, 200) q?: string;
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @Matches(CLIENT_ID, { message: CURSOR_RULE }) cursor?: string;
}

export class UpdateTenantDto {
  @Optional() @IsString() @Length(1, 200) name?: string;
  /** free, advance (or basic), professional (or pro, business), enterprise. */
  @Optional() @IsTier() tier?: Tier;
  /** False switches all of its keys off, at once and everywhere; true switches them on again. */
  @Optional() @IsBoolean() isActive?: boolean;
}
