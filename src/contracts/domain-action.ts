import { IsIn, IsISO8601, IsNotIn, IsObject, IsString, Matches, MaxLength } from 'class-validator';
import { IsId, IsMetadata, Optional, Verbatim } from './fields.js';
import { ACTION_NAMES, IsActionType } from './action-aliases.js';
import type { ActionType, DataOf } from './actions.js';
import { CLIENT_ID } from './ids.js';
import { TIERS, type Tier } from './tiers.js';

/**
 * The one envelope of everything that goes through a queue.
 *
 * @source seed 001 and `originals.md` section 1.2; the payload lives in `data` and is validated per type.
 */
export class DomainAction<T extends ActionType = ActionType> {
  @IsId() actionId!: string;
  @IsActionType() actionType!: T;
  /** A tenant's id, or `~system` for work that serves all of them. */
  @Matches(/^(~system|[A-Za-z0-9._-]{1,128})$/) tenantId!: string;
  @IsIn(TIERS) tenantTier!: Tier;
  @Optional() @IsId() agentId?: string;
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** The piece of work this belongs to; for a run, the execution's id. */
  @IsId() taskId!: string;
  /** One request and its answer. */
  @Optional() @IsId() correlationId?: string;
  /** Everything that one call from outside set off. */
  @Optional() @IsString() @MaxLength(128) traceId?: string;
  /** Bull queue that the answer goes to; none of an action type's. */
  @Optional() @Matches(/^[A-Za-z0-9._-]{1,128}$/) @IsNotIn(ACTION_NAMES) callbackQueueName?: string;
  /** Opaque key under which the execution context is cached. */
  @Optional() @IsString() @MaxLength(512) contextCacheKey?: string;
  @Verbatim() @IsObject() data!: DataOf<T>;
  @IsMetadata() metadata!: Record<string, unknown>;
  /** ISO-8601 UTC. */
  @IsISO8601() createdAt!: string;
}
