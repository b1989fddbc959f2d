import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { Setting } from './setting.js';

/** The process and its HTTP edge. */
export class ServerSettings {
  /** Address to listen on. */
  @Setting('HOST') @MinLength(1) host = '127.0.0.1';
  /** TCP port; 0 takes a free one. */
  @Setting('PORT') @IsInt() @Min(0) @Max(65_535) port = 3000;
  /** What this process does: everything, only the wire, or only the queues. */
  @Setting('NOOBLE_ROLE') @IsIn(['all', 'api', 'worker']) role: 'all' | 'api' | 'worker' = 'all';
  /** `keys`: an API key decides the tenant. `headers`: X-Tenant-ID is believed; loopback only, for development. */
  @Setting('AUTH_MODE') @IsIn(['keys', 'headers']) authMode: 'keys' | 'headers' = 'keys';
  /** First key of an empty system, with the scope `admin` and no tenant of its own; at least 32 characters, empty for none. Never logged. */
  @Setting('NOOBLE_ADMIN_KEY', { isSecret: true }) @Matches(/^$|^\S{32,}$/, { message: 'needs at least 32 characters without blanks' }) adminKey = '';
  /** Largest request body, bytes. */
  @Setting('BODY_LIMIT_BYTES') @IsInt() @Min(1_024) @Max(104_857_600) bodyLimitBytes = 1_048_576;
  /** How long a shutdown waits for running work before it hands it back, seconds. */
  @Setting('SHUTDOWN_GRACE_SECONDS') @IsInt() @Min(0) @Max(600) shutdownGraceSeconds = 10;
  /** Agent runs at once in one process. */
  @Setting('EXECUTION_CONCURRENCY') @IsInt() @Min(1) @Max(10_000) executionConcurrency = 100;
  /** Wait for PostgreSQL and Redis at start instead of giving up after 10 s. */
  @Setting('WAIT_FOR_SERVICES') @IsBoolean() waitForServices = false;
  /** Refuse to start on settings that are fit for development only. */
  @Setting('NODE_ENV') @IsIn(['development', 'test', 'production']) environment: 'development' | 'test' | 'production' = 'development';
  /** fatal, error, warn, info, debug, trace or silent. */
  @Setting('LOG_LEVEL') @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) logLevel = 'info';
}

/** PostgreSQL. */
export class DatabaseSettings {
  /** postgres://user:password@host:port/database; `npm start` and `npm run dev` bring their own when it is empty. */
  @Setting('DATABASE_URL', { isSecret: true }) @Matches(/^postgres(ql)?:\/\/./, { message: 'must be postgres://user:password@host:port/database' }) url = '';
  /** Connections of one process at the most. */
  @Setting('DATABASE_POOL_SIZE') @IsInt() @Min(1) @Max(500) poolSize = 10;
  /** A statement running longer is ended by the server, milliseconds. */
  @Setting('DATABASE_STATEMENT_TIMEOUT_MS') @IsInt() @Min(100) @Max(600_000) statementTimeoutMs = 30_000;
  /** Apply the schema migrations at start; several processes may do so at once. */
  @Setting('DATABASE_MIGRATE_ON_START') @IsBoolean() migrateOnStart = true;
}

/** Redis. */
export class RedisSettings {
  /** redis://[user:password@]host:port[/database], rediss:// for TLS; `npm start` and `npm run dev` bring their own when it is empty. */
  @Setting('REDIS_URL', { isSecret: true }) @Matches(/^rediss?:\/\/./, { message: 'must be redis://[user:password@]host:port[/database], or rediss:// for TLS' }) url = '';
  /** A command without an answer fails after this long, milliseconds. */
  @Setting('REDIS_COMMAND_TIMEOUT_MS') @IsInt() @Min(50) @Max(60_000) commandTimeoutMs = 2_000;
}

/** Agent runs and their event logs. */
export class ExecutionSettings {
  /** How long an ended execution and its events stay in Redis, seconds. */
  @Setting('EXECUTION_RETENTION_SECONDS') @IsInt() @Min(60) @Max(604_800) retentionSeconds = 3_600;
  /** Text deltas are gathered for at most this long before they are written to the event log, milliseconds. */
  @Setting('EXECUTION_DELTA_INTERVAL_MS') @IsInt() @Min(0) @Max(1_000) deltaIntervalMs = 20;
  /** A socket that has this much unread is closed and resumes by cursor, bytes. */
  @Setting('SOCKET_BUFFER_LIMIT_BYTES') @IsInt() @Min(65_536) socketBufferLimitBytes = 1_048_576;
  /** Between two pings of the server to a socket, seconds; no answer within 10 s closes it. */
  @Setting('SOCKET_PING_SECONDS') @IsInt() @Min(1) @Max(3_600) socketPingSeconds = 30;
}

/** The move of conversations from Redis to PostgreSQL. */
export class MigrationSettings {
  /** Between two looks at what is due, seconds. */
  @Setting('MIGRATION_INTERVAL_SECONDS') @IsInt() @Min(1) @Max(86_400) intervalSeconds = 60;
  /** A message of an active conversation is archived at the latest after this long, seconds. */
  @Setting('MIGRATION_MAX_LAG_SECONDS') @IsInt() @Min(1) @Max(86_400) maxLagSeconds = 300;
  /** Between the close of a conversation and its move, seconds. */
  @Setting('MIGRATION_CLOSE_GRACE_SECONDS') @IsInt() @Min(0) @Max(86_400) closeGraceSeconds = 30;
  /** Between the move of a closed conversation and its leaving Redis, seconds. */
  @Setting('MIGRATION_RELEASE_SECONDS') @IsInt() @Min(0) @Max(86_400) releaseSeconds = 300;
  /** Messages moved in one transaction. */
  @Setting('MIGRATION_BATCH_SIZE') @IsInt() @Min(1) @Max(10_000) batchSize = 500;
}

/** Language models. */
export class ModelSettings {
  /** Base URL of an OpenAI-compatible server, such as https://api.openai.com/v1; empty switches that provider off. */
  @Setting('OPENAI_BASE_URL') @IsOptional() @Matches(/^$|^https?:\/\//) openaiBaseUrl = '';
  /** Its API key; never logged. */
  @Setting('OPENAI_API_KEY', { isSecret: true }) @IsString() openaiApiKey = '';
  /** Model of agents that name none: `builtin/chat`, or one of the OpenAI-compatible server. */
  @Setting('NOOBLE_MODEL') @MinLength(1) defaultModel = 'builtin/chat';
}

/** Every topic, in the order of `.env.example`. */
export const SETTINGS_CLASSES = [ServerSettings, DatabaseSettings, RedisSettings, ExecutionSettings, MigrationSettings, ModelSettings] as const;
