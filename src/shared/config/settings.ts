import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { IsHostList } from './host-list.js';
import { IsAddressList, IsOriginList } from './origin-list.js';
import { IsModelLimits } from './parse-model-limits.js';
import { IsModelPrices } from './parse-model-prices.js';
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
  /** Seals the secrets of agents, such as the headers of their MCP servers; at least 32 characters, empty for none: then such secrets are refused. Never logged. Another key makes what was sealed unreadable. */
  @Setting('NOOBLE_SECRETS_KEY', { isSecret: true }) @Matches(/^$|^\S{32,}$/, { message: 'needs at least 32 characters without blanks' }) secretsKey = '';
  /** Largest request body, bytes. */
  @Setting('BODY_LIMIT_BYTES') @IsInt() @Min(1_024) @Max(104_857_600) bodyLimitBytes = 1_048_576;
  /** How long a shutdown waits for running work before it hands it back, seconds. */
  @Setting('SHUTDOWN_GRACE_SECONDS') @IsInt() @Min(0) @Max(600) shutdownGraceSeconds = 10;
  /** Agent runs at once in one process. */
  @Setting('EXECUTION_CONCURRENCY') @IsInt() @Min(1) @Max(10_000) executionConcurrency = 100;
  /** A worker whose job has been silent for this long counts as lost, and another one takes the job over, seconds. That is noticed up to two thirds of it later. */
  @Setting('JOB_LOCK_SECONDS') @IsInt() @Min(3) @Max(600) jobLockSeconds = 15;
  /** Wait for PostgreSQL and Redis at start instead of giving up after 10 s. */
  @Setting('WAIT_FOR_SERVICES') @IsBoolean() waitForServices = false;
  /** Refuse to start on settings that are fit for development only. */
  @Setting('NODE_ENV') @IsIn(['development', 'test', 'production']) environment: 'development' | 'test' | 'production' = 'development';
  /** fatal, error, warn, info, debug, trace or silent. */
  @Setting('LOG_LEVEL') @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) logLevel = 'info';
}

/** Who may come in over HTTP, and how long he may take. */
export class EdgeSettings {
  /** Origins of web pages that may call from a browser, with commas between: `https://app.example.com`; empty for none but the server's own. */
  @Setting('CORS_ALLOWED_ORIGINS') @IsOriginList() allowedOrigins = '';
  /** Addresses and networks of the reverse proxies whose X-Forwarded-For is believed, with commas between: `10.0.0.5`, `10.1.0.0/16`; empty for none. */
  @Setting('TRUSTED_PROXIES') @IsAddressList() trustedProxies = '';
  /** Largest request line and headers together, bytes. */
  @Setting('HEADER_LIMIT_BYTES') @IsInt() @Min(2_048) @Max(1_048_576) headerLimitBytes = 16_384;
  /** Longest path with its query, characters. */
  @Setting('URL_LIMIT_CHARACTERS') @IsInt() @Min(512) @Max(1_048_576) urlLimitCharacters = 8_192;
  /** A connection that has not sent its headers after this long is closed, seconds; one that sends nothing at all, too. */
  @Setting('HEADERS_TIMEOUT_SECONDS') @IsInt() @Min(1) @Max(600) headersTimeoutSeconds = 10;
  /** The same for the whole request with its body, seconds. The answer may take as long as it takes. */
  @Setting('REQUEST_TIMEOUT_SECONDS') @IsInt() @Min(1) @Max(3_600) requestTimeoutSeconds = 60;
  /** A connection without a request is closed after this long, seconds; longer than the load balancer in front keeps it. */
  @Setting('KEEP_ALIVE_SECONDS') @IsInt() @Min(1) @Max(3_600) keepAliveSeconds = 72;
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
  /** A tool that has not answered after this long is given up, and the model is told so, seconds. */
  @Setting('EXECUTION_TOOL_TIMEOUT_SECONDS') @IsInt() @Min(1) @Max(300) toolTimeoutSeconds = 30;
  /** A socket that has this much unread is closed and resumes by cursor, bytes. */
  @Setting('SOCKET_BUFFER_LIMIT_BYTES') @IsInt() @Min(65_536) socketBufferLimitBytes = 1_048_576;
  /** Between two pings of the server to a socket, seconds; no answer within 10 s closes it. */
  @Setting('SOCKET_PING_SECONDS') @IsInt() @Min(1) @Max(3_600) socketPingSeconds = 30;
  /** Commands that one process keeps in its memory at the most. */
  @Setting('COMMAND_CACHE_MAX_ENTRIES') @IsInt() @Min(1) @Max(1_000_000) commandCacheMaxEntries = 10_000;
}

/** Conversations and their sessions. */
export class ConversationSettings {
  /** An active conversation without a message for this long is completed, seconds. */
  @Setting('CONVERSATION_IDLE_SECONDS') @IsInt() @Min(1) @Max(31_536_000) idleSeconds = 1_800;
  /** A session whose last socket has been away for this long is closed, seconds. */
  @Setting('CONVERSATION_SOCKET_GRACE_SECONDS') @IsInt() @Min(0) @Max(86_400) socketGraceSeconds = 30;
}

/** What a model is shown of a conversation. */
export class MemorySettings {
  /** How tokens are counted. `auto`: by the tokenizer of the model where it is known, else by the number of words. `tokenizer`: always by a tokenizer, o200k_base for unknown models. `estimate`: always by the number of words. */
  @Setting('TOKEN_COUNTING') @IsIn(['auto', 'tokenizer', 'estimate']) tokenCounting: 'auto' | 'tokenizer' | 'estimate' = 'auto';
  /** Limits of models, tokens: `model=tokens,model=tokens`. They come before the built-in ones. */
  @Setting('MEMORY_MODEL_LIMITS') @IsModelLimits() modelLimits = '';
  /** Limit of a model that neither names, tokens. */
  @Setting('MEMORY_DEFAULT_LIMIT_TOKENS') @IsInt() @Min(10) @Max(100_000_000) defaultLimitTokens = 6_000;
  /** Share of a model's limit that messages may fill; the rest is for the answer. */
  @Setting('MEMORY_WINDOW_SHARE') @IsNumber() @Min(0.1) @Max(1) windowShare = 0.7;
  /** Text of conversations' windows that one process keeps in its memory at the most, bytes. */
  @Setting('MEMORY_BUFFER_MAX_BYTES') @IsInt() @Min(65_536) bufferMaxBytes = 67_108_864;
}

/** The move of conversations from Redis to PostgreSQL. */
export class MigrationSettings {
  /** Between two looks at what is due, seconds. CONVERSATION_PERSISTENCE_MIGRATION_INTERVAL is read if this is not set. */
  @Setting('MIGRATION_INTERVAL_SECONDS', { alias: 'CONVERSATION_PERSISTENCE_MIGRATION_INTERVAL' }) @IsInt() @Min(1) @Max(86_400) intervalSeconds = 60;
  /** A message of an active conversation is archived at the latest after this long, seconds. */
  @Setting('MIGRATION_MAX_LAG_SECONDS') @IsInt() @Min(1) @Max(86_400) maxLagSeconds = 300;
  /** Between the close of a conversation and its move, seconds. */
  @Setting('MIGRATION_CLOSE_GRACE_SECONDS') @IsInt() @Min(0) @Max(86_400) closeGraceSeconds = 30;
  /** Between the move of a closed conversation and its leaving Redis, seconds. */
  @Setting('MIGRATION_RELEASE_SECONDS') @IsInt() @Min(0) @Max(86_400) releaseSeconds = 300;
  /** Messages moved in one transaction. */
  @Setting('MIGRATION_BATCH_SIZE') @IsInt() @Min(1) @Max(10_000) batchSize = 500;
  /** Newest messages of a conversation that stay in Redis while it is used; older ones leave once they are archived. */
  @Setting('MIGRATION_HOT_TAIL_MESSAGES') @IsInt() @Min(1) @Max(100_000) hotTailMessages = 1_000;
  /** Moves at once in one process; those of a tenant share transactions, of which four at the most are open. */
  @Setting('MIGRATION_CONCURRENCY') @IsInt() @Min(1) @Max(1_000) concurrency = 16;
  /** Moves begun in a second at the most, in all processes together; 0 is without limit. The same in every process. */
  @Setting('MIGRATION_RATE_PER_SECOND') @IsInt() @Min(0) @Max(100_000) ratePerSecond = 0;
}

/** The end of conversations. */
export class RetentionSettings {
  /** Archive conversations that have been silent for as long as their tenant's tier says, and erase them after as long again. What is erased does not come back. */
  @Setting('RETENTION_ENABLED') @IsBoolean() isEnabled = false;
  /** Between two passes, once nothing is left to do, seconds. */
  @Setting('RETENTION_INTERVAL_SECONDS') @IsInt() @Min(1) @Max(86_400) intervalSeconds = 3_600;
  /** Conversations of one tenant that one sweep archives, and erases, at the most. */
  @Setting('RETENTION_BATCH_SIZE') @IsInt() @Min(1) @Max(10_000) batchSize = 500;
}

/** Language models. */
export class ModelSettings {
  /** Base URL of an OpenAI-compatible server, such as https://api.openai.com/v1; empty switches that provider off. */
  @Setting('OPENAI_BASE_URL') @IsOptional() @Matches(/^$|^https?:\/\//) openaiBaseUrl = '';
  /** Its API key; never logged. */
  @Setting('OPENAI_API_KEY', { isSecret: true }) @IsString() openaiApiKey = '';
  /** Model of agents that name none: `builtin/chat`, or one of the OpenAI-compatible server. */
  @Setting('NOOBLE_MODEL') @MinLength(1) defaultModel = 'builtin/chat';
  /** Model of embeddings that name none: `builtin/embedding`, or one of the OpenAI-compatible server. */
  @Setting('NOOBLE_EMBEDDING_MODEL') @MinLength(1) defaultEmbeddingModel = 'builtin/embedding';
  /** A server that has not embedded the texts of a request after this long, with tries again, is given up, seconds. */
  @Setting('EMBEDDING_TIMEOUT_SECONDS') @IsInt() @Min(1) @Max(60) embeddingTimeoutSeconds = 30;
  /** What models cost, US dollars for a million tokens: `model=input/output,model=input/output`. A model without a price costs nothing. */
  @Setting('MODEL_PRICES') @IsModelPrices() modelPrices = '';
}

/** Requests to hosts that tenants name: by tools and webhooks. */
export class OutboundSettings {
  /** Hosts that may be reached, with commas between: `api.example.com`, `*.example.com`, addresses and networks; empty for every public host. */
  @Setting('OUTBOUND_ALLOWED_HOSTS') @IsHostList() allowedHosts = '';
  /** Hosts and networks that may be reached though they are not public, with commas between: `mcp.internal`, `10.1.0.0/16`; for development and for services of your own. */
  @Setting('OUTBOUND_ALLOWED_PRIVATE') @IsHostList() allowedPrivate = '';
  /** One request with its answer, redirects included, may take this long unless the caller says otherwise, milliseconds. */
  @Setting('OUTBOUND_TIMEOUT_MS') @IsInt() @Min(100) @Max(600_000) timeoutMs = 30_000;
  /** An answer's body is read no further than this, bytes. */
  @Setting('OUTBOUND_MAX_BODY_BYTES') @IsInt() @Min(1_024) @Max(1_073_741_824) maxBodyBytes = 10_485_760;
}

/** Webhooks: who names a URL with a turn is told of its end. */
export class WebhookSettings {
  /** What the secrets of all tenants follow from; at least 32 characters, the same in every process. Without it webhooks are off in production and signed with a known secret in development. Never logged. */
  @Setting('WEBHOOK_SECRET', { isSecret: true }) @Matches(/^$|^\S{32,}$/, { message: 'needs at least 32 characters without blanks' }) secret = '';
  /** The one before, while receivers change to the new one: webhooks are signed with both. Never logged. */
  @Setting('WEBHOOK_SECRET_PREVIOUS', { isSecret: true }) @Matches(/^$|^\S{32,}$/, { message: 'needs at least 32 characters without blanks' }) previousSecret = '';
  /** A receiver that has not answered after this long has failed, milliseconds. */
  @Setting('WEBHOOK_TIMEOUT_MS') @IsInt() @Min(100) @Max(60_000) timeoutMs = 15_000;
  /** Tries of one delivery at the most. */
  @Setting('WEBHOOK_ATTEMPTS') @IsInt() @Min(1) @Max(50) attempts = 10;
  /** Before the second try, seconds; each wait is five times the one before, up to six hours. */
  @Setting('WEBHOOK_RETRY_SECONDS') @IsNumber() @Min(0.01) @Max(3_600) retrySeconds = 5;
}

/** The caches: memory of the process (L1) over Redis (L2) over the database. A time to live of 0 is without end. */
export class CacheSettings {
  /** Entries that one process keeps in its memory at the most. */
  @Setting('CACHE_L1_MAX_ENTRIES') @IsInt() @Min(1) @Max(10_000_000) l1MaxEntries = 10_000;
  /** Bytes of them at the most, as they are written in Redis. */
  @Setting('CACHE_L1_MAX_BYTES') @IsInt() @Min(65_536) l1MaxBytes = 67_108_864;
  /** An entry is served from memory for at most this long before Redis is asked again, seconds. */
  @Setting('CACHE_L1_TTL_SECONDS') @IsInt() @Min(0) @Max(3_600) l1TtlSeconds = 30;
  /** A cache read or write that Redis does not answer in this time is given up, and so is the count of an API key's requests, milliseconds. */
  @Setting('CACHE_DEADLINE_MS') @IsInt() @Min(10) @Max(10_000) deadlineMs = 150;
  /** The same where an older value can stand in, milliseconds. */
  @Setting('CACHE_SOFT_DEADLINE_MS') @IsInt() @Min(5) @Max(10_000) softDeadlineMs = 50;
  /** A loader that takes longer fails, milliseconds. */
  @Setting('CACHE_LOADER_TIMEOUT_MS') @IsInt() @Min(10) @Max(600_000) loaderTimeoutMs = 5_000;
  /** The same where an older value can stand in; the loader goes on behind it. Milliseconds. */
  @Setting('CACHE_LOADER_SOFT_TIMEOUT_MS') @IsInt() @Min(1) @Max(600_000) loaderSoftTimeoutMs = 500;
  /** How long one process waits for another that loads the same entry, milliseconds. */
  @Setting('CACHE_LOCK_WAIT_MS') @IsInt() @Min(0) @Max(60_000) lockWaitMs = 1_000;
  /** After a failed load an older value is served for this long before the next try, milliseconds. */
  @Setting('CACHE_RETRY_MS') @IsInt() @Min(0) @Max(600_000) retryMs = 5_000;
  /** Between two signs of life on the invalidation bus, milliseconds. */
  @Setting('CACHE_BUS_BEAT_MS') @IsInt() @Min(50) @Max(60_000) busBeatMs = 1_000;
  /** Time to live of an agent's configuration, seconds. */
  @Setting('CACHE_TTL_AGENT_CONFIG_SECONDS') @IsInt() @Min(0) @Max(31_536_000) agentConfigSeconds = 3_600;
  /** Time to live of an agent's tools, seconds. */
  @Setting('CACHE_TTL_AGENT_TOOLS_SECONDS') @IsInt() @Min(0) @Max(31_536_000) agentToolsSeconds = 3_600;
  /** Time to live of a collection's description, seconds. */
  @Setting('CACHE_TTL_COLLECTION_METADATA_SECONDS') @IsInt() @Min(0) @Max(31_536_000) collectionMetadataSeconds = 3_600;
  /** Time to live of the memory snapshot of a conversation, seconds. */
  @Setting('CACHE_TTL_CONVERSATION_MEMORY_SECONDS') @IsInt() @Min(0) @Max(31_536_000) conversationMemorySeconds = 86_400;
  /** Time to live of a single message, seconds. */
  @Setting('CACHE_TTL_CONVERSATION_MESSAGE_SECONDS') @IsInt() @Min(0) @Max(31_536_000) conversationMessageSeconds = 86_400;
  /** Time to live of an agent's execution state, seconds. */
  @Setting('CACHE_TTL_AGENT_EXECUTION_STATE_SECONDS') @IsInt() @Min(0) @Max(31_536_000) executionStateSeconds = 300;
  /** Time to live of an embedding, seconds. */
  @Setting('CACHE_TTL_EMBEDDING_SECONDS') @IsInt() @Min(0) @Max(31_536_000) embeddingSeconds = 86_400;
  /** Time to live of a search result, seconds. */
  @Setting('CACHE_TTL_QUERY_RESULT_SECONDS') @IsInt() @Min(0) @Max(31_536_000) queryResultSeconds = 300;
  /** Time to live of an execution context, counted from its last use, seconds. */
  @Setting('CACHE_TTL_EXECUTION_CONTEXT_SECONDS') @IsInt() @Min(1) @Max(31_536_000) executionContextSeconds = 1_800;
  /** The agent's part of an execution context is read again after this long, seconds. */
  @Setting('CACHE_TTL_CONTEXT_AGENT_SECONDS') @IsInt() @Min(1) @Max(31_536_000) contextAgentSeconds = 600;
  /** Its collections' part, seconds. */
  @Setting('CACHE_TTL_CONTEXT_COLLECTIONS_SECONDS') @IsInt() @Min(1) @Max(31_536_000) contextCollectionsSeconds = 900;
  /** Every other part, seconds. */
  @Setting('CACHE_TTL_CONTEXT_PART_SECONDS') @IsInt() @Min(1) @Max(31_536_000) contextPartSeconds = 300;
  /** Time to live of an API key's holder, seconds. */
  @Setting('CACHE_TTL_API_KEY_SECONDS') @IsInt() @Min(1) @Max(86_400) apiKeySeconds = 300;
  /** Time to live of a tenant's name and tier, seconds. */
  @Setting('CACHE_TTL_TENANT_SECONDS') @IsInt() @Min(1) @Max(86_400) tenantSeconds = 300;
  /** Time to live of a page of the list of agents, seconds. */
  @Setting('CACHE_TTL_AGENT_LIST_SECONDS') @IsInt() @Min(1) @Max(86_400) agentListSeconds = 300;
  /** An operator's view of a conversation may be this old, seconds. */
  @Setting('CACHE_TTL_CRM_READ_SECONDS') @IsInt() @Min(1) @Max(3_600) crmReadSeconds = 2;
  /** Statistics for operators may be this old, seconds. */
  @Setting('CACHE_TTL_CRM_STATISTICS_SECONDS') @IsInt() @Min(1) @Max(3_600) crmStatisticsSeconds = 30;
  /** Answers of models, results of tools, and embeddings that a tenant keeps in Redis, of each kind at the most; those that end first go. */
  @Setting('MEMO_MAX_ENTRIES') @IsInt() @Min(1) @Max(10_000_000) memoMaxEntries = 5_000;
}

/** What operators have done. */
export class CrmSettings {
  /** What was erased is looked for again after this long, when nobody can still write what he had read before. Seconds. */
  @Setting('ERASURE_SETTLE_SECONDS') @IsInt() @Min(0) @Max(86_400) erasureSettleSeconds = 60;
}

/** Every topic, in the order of `.env.example`. */
export const SETTINGS_CLASSES = [ServerSettings, EdgeSettings, DatabaseSettings, RedisSettings, ExecutionSettings, ConversationSettings, MemorySettings, MigrationSettings, RetentionSettings, ModelSettings, OutboundSettings, WebhookSettings, CrmSettings, CacheSettings] as const;
