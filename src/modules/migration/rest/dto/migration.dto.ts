import { IsBoolean, Matches } from 'class-validator';
import { CLIENT_ID, type MigratedConversationAnswer, type MigrationLoopAnswer, type MigrationStatsAnswer, type MigrationStatus, Optional } from '../../../../contracts/index.js';

export class MigrationStatsQueryDto {
  /** One tenant's numbers. Default: with the scope admin all tenants', otherwise the caller's. */
  @Optional() @Matches(CLIENT_ID) tenantId?: string;
}

export class MigrateConversationDto {
  /** Also forget what the process that moves it remembers of it; default true. */
  @Optional() @IsBoolean() cleanupMemory?: boolean;
}

export class MigrationLoopDto implements MigrationLoopAnswer {
  status!: MigrationStatus;
  /** Whether it was otherwise before. */
  changed!: boolean;
  /** Moves that are still running; after a stop those that took longer than the 5 s it waits. */
  moving!: number;
}

export class MigratedConversationDto implements MigratedConversationAnswer {
  conversationId!: string;
  /** The newest message that PostgreSQL has. */
  archivedSeq!: number;
  /** Messages that this move has brought there. */
  movedMessages!: number;
  status!: string;
  /** `hot`, `both` or `cold`. */
  storage!: string;
  isMemoryFreed!: boolean;
}

export class MigrationCountsDto {
  /** Conversations that are due and not being moved. */
  pending!: number;
  /** Moves that are running. */
  moving!: number;
  /** Moves that brought messages to PostgreSQL, verified. */
  completed!: number;
  /** Tries of moves that ended with an error. */
  failed!: number;
  total!: number;
}

export class RetentionDto {
  isEnabled!: boolean;
  /** Conversations that have been silent for so long that they would be archived now. */
  archivable!: number;
  /** Conversations that have been archived for so long that their content would be erased now. */
  erasable!: number;
}

export class MigrationStatsDto implements MigrationStatsAnswer {
  /** Whose numbers; null for all tenants'. */
  tenantId!: string | null;
  status!: MigrationStatus;
  migrations!: MigrationCountsDto;
  /** How old the oldest message is that PostgreSQL does not have, seconds; 0 when it has all. Up to `MIGRATION_MAX_LAG_SECONDS` and a sweep when nothing is wrong. */
  lagSeconds!: number;
  /** Messages moved in the last minute, by the second. */
  messagesPerSecond!: number;
  /** When the last sweep was through. */
  lastRunAt!: string | null;
  intervalSeconds!: number;
  /** null while PostgreSQL is away. */
  retention!: RetentionDto | null;
}
