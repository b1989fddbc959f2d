import type { Scope } from '../principal.js';

export class ApiKeyDto {
  keyId!: string;
  tenantId!: string;
  name!: string;
  scopes!: Scope[];
  /** The key itself, in this answer only. */
  key!: string;
}
