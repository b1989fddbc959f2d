import { IsIn, IsISO8601, IsNotIn, IsObject, IsString, Matches, MaxLength } from 'class-validator';
import { ACTION_NAMES, type ActionType, CLIENT_ID, IsActionType, IsId, IsMetadata, IsQueryBoolean, Optional, type Tier, TIERS, Verbatim } from '../../../contracts/index.js';

export class SendActionDto {
  @IsActionType() actionType!: ActionType;
  /** What the action is about; its fields are those of the type. */
  @Verbatim() @IsObject() data!: Record<string, unknown>;
  /** Default: a new UUID. Sent again with the same one, an action has one effect. */
  @Optional() @IsId() actionId?: string;
  /** Default: the caller's tenant. Any other is refused, except of an administrator. */
  @Optional() @Matches(CLIENT_ID) tenantId?: string;
  /** Read and ignored: the tier is always that of the caller's tenant. */
  @Optional() @IsIn(TIERS) tenantTier?: Tier;
  @Optional() @IsId() agentId?: string;
  @Optional() @Matches(CLIENT_ID) sessionId?: string;
  @Optional() @Matches(CLIENT_ID) userId?: string;
  /** The piece of work this belongs to; for a run, the execution's id. Default: a new UUID. */
  @Optional() @IsId() taskId?: string;
  /** One request and its answer. Default: a new UUID; not with `wait`. */
  @Optional() @IsId() correlationId?: string;
  /** Everything that one call from outside set off. */
  @Optional() @IsString() @MaxLength(128) traceId?: string;
  /** Bull queue that the answer goes to: of your own, so not the name of an action type and not `replies.…`; not with `wait`. */
  @Optional() @Matches(/^(?!replies\.)[A-Za-z0-9._-]{1,128}$/, { message: '$property must match ^[A-Za-z0-9._-]{1,128}$ and not begin with "replies."' }) @IsNotIn(ACTION_NAMES) callbackQueueName?: string;
  /** Opaque key under which the execution context is cached. */
  @Optional() @IsString() @MaxLength(512) contextCacheKey?: string;
  @Optional() @IsMetadata() metadata?: Record<string, unknown>;
  /** ISO-8601. Default: now. */
  @Optional() @IsISO8601() createdAt?: string;
}

export class SendActionQueryDto {
  /** Wait for the answer, 30 s at the most. */
  @Optional() @IsQueryBoolean() wait?: boolean;
}
