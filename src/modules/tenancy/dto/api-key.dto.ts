import { Type } from 'class-transformer';
import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { CLIENT_ID, IsIdCursor, Optional } from '../../../contracts/index.js';
import { API_KEY_STATUSES, type ApiKey, type ApiKeyStatus, statusOf } from '../api-key.js';
import type { Scope } from '../principal.js';

/** Longest overlap, seconds: 30 days. A guess at how long a roll-out may take. */
const MAX_OVERLAP_SECONDS = 2_592_000;

export class ApiKeyDto {
  keyId!: string;
  tenantId!: string;
  name!: string;
  scopes!: Scope[];
  status!: ApiKeyStatus;
  createdAt!: Date;
  /** null for never. */
  expiresAt!: Date | null;
  revokedAt!: Date | null;
  /** When it got its present secret; null for that of its creation. */
  rotatedAt!: Date | null;
  /** The secret before the present one works until then; null when it does not. */
  previousValidUntil!: Date | null;

  static of({ keyId, tenantId, name, scopes, createdAt, expiresAt, revokedAt, rotatedAt, previousValidUntil }: ApiKey): ApiKeyDto {
    return { keyId, tenantId, name, scopes: [...scopes], status: statusOf({ revokedAt, expiresAt }), createdAt, expiresAt, revokedAt, rotatedAt, previousValidUntil };
  }
}

export class ShownApiKeyDto extends ApiKeyDto {
  /** The key itself, in this answer only. */
  key!: string;
}

export class ApiKeyPageDto {
  /** Newest first. */
  data!: ApiKeyDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
  /** How many match in all. */
  total!: number;
}

export class ListApiKeysDto {
  @Matches(CLIENT_ID) tenantId!: string;
  @Optional() @IsIn(API_KEY_STATUSES) status?: ApiKeyStatus;
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
}

export class RotateApiKeyDto {
  /** How long the secret that the key has now works besides the new one; default: not at all. */
  @Optional() @IsInt() @Min(0) @Max(MAX_OVERLAP_SECONDS) overlapSeconds?: number;
}
