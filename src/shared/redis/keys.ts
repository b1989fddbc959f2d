/**
 * Every Redis key of the system. The hash tag is the tenant, so that one Lua script can touch all that a conversation
 * needs and Redis Cluster keeps a tenant on one shard. Ids are checked at the borders (`contracts/ids.ts`): none holds `:` `{` `}`.
 */
export const keys = {
  /** Pattern of every key of a tenant. */
  ofTenant: (tenantId: string) => `nb:{${tenantId}}:*`,
  /** hash: the conversation's header. */
  conversation: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:conv:${conversationId}`,
  /** list: JSON messages; element i has seq = firstHotSeq + i. */
  messages: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:conv:${conversationId}:messages`,
  /** hash: messageId → seq. */
  messageIds: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:conv:${conversationId}:ids`,
  /** hash: agentId → the session's active conversation with that agent; `~<agentId>` → its newest one that is in Redis, active or not. */
  session: (tenantId: string, sessionId: string) => `nb:{${tenantId}}:session:${sessionId}`,
  /** sorted set: sockets that are open on a session, by the time at which they count no more. */
  sessionSockets: (tenantId: string, sessionId: string) => `nb:{${tenantId}}:session:${sessionId}:sockets`,
  /** sorted set: hot conversations by the time they were created. */
  hot: (tenantId: string) => `nb:{${tenantId}}:hot`,
  /** string: when the conversation left Redis; kept for an hour, so that nobody brings it back by what he has read in PostgreSQL before. */
  left: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:conv:${conversationId}:left`,
  /** sorted set: conversations by the time at which the migrator must look at them. */
  due: (tenantId: string) => `nb:{${tenantId}}:due`,
  /** sorted set: conversations with messages that PostgreSQL lacks, by the time of the first of them. */
  unarchived: (tenantId: string) => `nb:{${tenantId}}:unarchived`,
  /** sorted set: active conversations by a time before which they had no message; made exact when somebody looks for idle ones. */
  active: (tenantId: string) => `nb:{${tenantId}}:active`,
  /** hash: executionId and fencing token of the one run that has the conversation, and the request to cancel it if there is one. */
  lease: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:lease:${conversationId}`,
  /** list: runs that wait for the conversation, the next one first. */
  waitingRuns: (tenantId: string, conversationId: string) => `nb:{${tenantId}}:lease:${conversationId}:waiting`,
  /** sorted set: runs that PostgreSQL does not have yet, and reservations of embeddings, by the time at which somebody looks after them. */
  runs: (tenantId: string) => `nb:{${tenantId}}:runs`,
  /** set: conversations that a run has, so as many as there are runs at once. */
  busy: (tenantId: string) => `nb:{${tenantId}}:busy`,
  /** string: turns of a window that begins with its first one; `window` is `minute` or `day`. */
  turns: (tenantId: string, window: 'minute' | 'day') => `nb:{${tenantId}}:rate:turns:${window}`,
  /** string: requests of one API key in a minute; `holder` is its keyId, or `nobody` without a key of the tenant's. */
  apiRequests: (tenantId: string, holder: string) => `nb:{${tenantId}}:rate:api:${holder}`,
  /** hash: tokens and cost of the day and the month that were last counted, and what runs and embeddings that have not ended may use. */
  usage: (tenantId: string) => `nb:{${tenantId}}:usage`,
  /** hash: executionId, or the id of a reservation, → tokens and cost that what has not ended may use. */
  reservations: (tenantId: string) => `nb:{${tenantId}}:usage:reserved`,
  /** sorted set: runs of a session whose end none of its sockets has received yet, by the time of their acceptance, and for a minute those that one has, by a negative score; also the name of its wake-up channel. */
  sessionRuns: (tenantId: string, sessionId: string) => `nb:{${tenantId}}:session:${sessionId}:runs`,
  /** string: whom a ticket for a socket stands for, by the ticket's SHA-256. The tag is no tenant's: whoever comes with it has not said whose he is. */
  socketTicket: (hash: string) => `nb:{~tickets}:${hash}`,
  /** channel: somebody asked for a run to be cancelled; every worker looks at those that it has. Channels know no databases, so its number is in the name. */
  cancellations: (database: number) => `nb:cancellations:${String(database)}`,
  /** hash: state of an execution. */
  execution: (tenantId: string, executionId: string) => `nb:{${tenantId}}:exec:${executionId}`,
  /** stream: the execution's event log; also the name of its wake-up channel. */
  events: (tenantId: string, executionId: string) => `nb:{${tenantId}}:exec:${executionId}:events`,
  /** string: what an Idempotency-Key stands for. The route is ours and may hold anything; the key, which comes last, no `:`. */
  idempotency: (tenantId: string, route: string, key: string) => `nb:{${tenantId}}:idem:${route}:${key}`,
  /** string: a cache entry; `name` is made by `shared/cache/entry/cache-key.ts`, as `tenant` is here and below. */
  cacheEntry: (tenant: string, name: string) => `nb:{${tenant}}:cache:e:${name}`,
  /** string: who loads a cache entry. */
  cacheLease: (tenant: string, name: string) => `nb:{${tenant}}:cache:l:${name}`,
  /** string: generation of a scope of cache entries; with an empty scope the prefix of all. */
  cacheGeneration: (tenant: string, scope: string) => `nb:{${tenant}}:cache:g:${scope}`,
  /** sorted set: the entries of one type under a scope by the time of their end; with an empty index the prefix of all; `<it>:g` is a string: under which generations. */
  cacheIndex: (tenant: string, index: string) => `nb:{${tenant}}:cache:n:${index}`,
  /** channel: invalidations for every process's memory; channels know no databases, so its number is in the name. */
  cacheBus: (database: number) => `nb:cache:bus:${String(database)}`,
  /** channel: commands that a process has changed; with the database's number, as above. */
  commandNews: (database: number) => `nb:commands:${String(database)}`,
  /** string: one entry of a memo cache; the slot is 40 digits. */
  memoEntry: (tenantId: string, namespace: string, slot: string) => `nb:{${tenantId}}:memo:${namespace}:e:${slot}`,
  /** sorted set: the slots of a memo cache by the time at which their entries end. */
  memoIndex: (tenantId: string, namespace: string) => `nb:{${tenantId}}:memo:${namespace}:slots`,
  /** What the CACHE_MANAGER puts before a key of its callers. */
  cacheManager: () => 'nb:cache-manager:',
  /** list: answers for one process that waits for them; `name` is its callback queue's. */
  answers: (name: string) => `nb:answers:${name}`,
  /** stream: jobs that failed for good, with their reason. */
  deadLetters: () => 'nb:dead-letters',
  /** hash: whether moves begin by themselves, and when the last sweep was through. The tag is no tenant's: `~` is in no id. */
  migrationLoop: () => 'nb:{~migration}:loop',
  /** sorted set: moves that are running, by the time at which they count no more. */
  migrationMoving: () => 'nb:{~migration}:moving',
  /** hash: `<tenant>:<outcome>` → moves that ended so; the tenant `~` is all of them. */
  migrationCounts: () => 'nb:{~migration}:counts',
  /** string: messages moved in one stretch of time; `tenant` as above. */
  migrationMoved: (tenant: string, stretch: number) => `nb:{~migration}:moved:${tenant}:${String(stretch)}`,
  /** Prefix of every key that Bull makes. */
  queues: () => '{nb:queues}',
} as const;
