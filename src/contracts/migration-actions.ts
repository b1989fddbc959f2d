import { IsBoolean } from 'class-validator';
import { IsId, Optional } from './fields.js';

/** `migration.sweep`: look at what is due, in every tenant. */
export class SweepData {}

/** `migration.move`: move one conversation's unarchived messages to PostgreSQL, verified, unless the loop is stopped. */
export class MoveConversationData {
  @IsId() conversationId!: string;
}

/** `migration.move`: how far the conversation is in PostgreSQL; null when it was not in Redis, so that there was nothing to move. */
export interface MovedConversationAnswer {
  readonly archivedSeq: number | null;
  /** The loop is stopped, so nothing was looked at. */
  readonly skipped?: 'stopped';
}

/** `migration.start_migration_loop`: what is due is moved from now on, in every tenant. */
export class StartMigrationLoopData {}

/** `migration.stop_migration_loop`: no move begins by itself any more, in any process, until the loop is started. */
export class StopMigrationLoopData {}

export interface MigrationLoopAnswer {
  readonly status: MigrationStatus;
  /** Whether it was otherwise before. */
  readonly changed: boolean;
  /** Moves that are still running: after a stop those that took longer than the 5 s it waits. */
  readonly moving: number;
}

/** Whether moves begin by themselves. */
export type MigrationStatus = 'running' | 'stopped';

/**
 * `migration.migrate_conversation_explicitly`: move one conversation of the action's tenant at once, whether or not it is due and the loop runs.
 *
 * @source seed 003; `originals.md` section 1.3
 */
export class MigrateConversationData {
  @IsId() conversationId!: string;
  /** Also forget what the process that moves it remembers of it; default true. */
  @Optional() @IsBoolean() cleanupMemory?: boolean;
}

export interface MigratedConversationAnswer {
  readonly conversationId: string;
  /** The newest message that PostgreSQL has. */
  readonly archivedSeq: number;
  /** Messages that this move has brought there. */
  readonly movedMessages: number;
  readonly status: string;
  /** `hot`, `both` or `cold`. */
  readonly storage: string;
  readonly isMemoryFreed: boolean;
}

/** `migration.get_migration_stats`: the numbers of the action's tenant; of the whole system if the action is the system's own. */
export class GetMigrationStatsData {}

/** All processes together. */
export interface MigrationStatsAnswer {
  /** Whose numbers; null for all tenants'. */
  readonly tenantId: string | null;
  readonly status: MigrationStatus;
  readonly migrations: {
    /** Conversations that are due and not being moved. */
    readonly pending: number;
    /** Moves that are running. */
    readonly moving: number;
    /** Moves that brought messages to PostgreSQL, verified. */
    readonly completed: number;
    /** Tries of moves that ended with an error. */
    readonly failed: number;
    readonly total: number;
  };
  /** How old the oldest message is that PostgreSQL does not have, seconds; 0 when it has all. Up to `MIGRATION_MAX_LAG_SECONDS` and a sweep when nothing is wrong. */
  readonly lagSeconds: number;
  /** Messages moved in the last minute, by the second. */
  readonly messagesPerSecond: number;
  /** ISO-8601 UTC: when the last sweep was through; null if there was none yet. */
  readonly lastRunAt: string | null;
  readonly intervalSeconds: number;
  /** null while PostgreSQL is away. */
  readonly retention: {
    readonly isEnabled: boolean;
    /** Conversations that have been silent for so long that they would be archived now. */
    readonly archivable: number;
    /** Conversations that have been archived for so long that their content would be erased now. */
    readonly erasable: number;
  } | null;
}
