import type { Tier } from '../../../contracts/index.js';

export class TenantDto {
  tenantId!: string;
  name!: string;
  tier!: Tier;
  createdAt!: Date;
}
