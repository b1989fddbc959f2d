import { Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { IsIdCursor, IsTime, Optional } from '../../../contracts/index.js';
import type { AuditEntry } from '../../tenancy/index.js';

export class ListAuditDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
  /** Id or name of the API key. */
  @Optional() @IsString() @Length(1, 200) actor?: string;
  /** `migration.stop`, or all of `migration`. */
  @Optional() @Matches(/^[a-z_]+(\.[a-z_]+)*$/) action?: string;
  @Optional() @IsString() @Length(1, 200) target?: string;
  /** Begun at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Begun before this time. */
  @Optional() @IsTime() to?: Date;
}

export class AuditActorDto {
  /** `key`: an API key; `adminKey`: NOOBLE_ADMIN_KEY; `headers`: nobody knows, in AUTH_MODE=headers. */
  kind!: string;
  /** Of the API key. */
  keyId!: string | null;
  name!: string | null;
}

export class AuditEntryDto {
  entryId!: string;
  /** Whose things it was done to. */
  tenantId!: string;
  /** ISO-8601 UTC: when it was begun. */
  at!: string;
  /** ISO-8601 UTC; null while it goes on, and when the process ended in between. */
  endedAt!: string | null;
  actor!: AuditActorDto;
  action!: string;
  target!: string | null;
  /** `success`, or the code of the error; null when nobody knows. */
  outcome!: string | null;
  requestId!: string;
  details!: Record<string, unknown>;

  static of({ at, endedAt, actorKind, actorId, actorName, ...entry }: AuditEntry): AuditEntryDto {
    const { entryId, tenantId, action, target, outcome, requestId, details } = entry;
    return { ...{ entryId, tenantId, action, target, outcome, requestId, details }, at: at.toISOString(), endedAt: endedAt?.toISOString() ?? null, actor: { kind: actorKind, keyId: actorId, name: actorName } };
  }
}

export class AuditPageDto {
  /** Newest first. */
  data!: AuditEntryDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
}
