import { v7 } from 'uuid';

/** Ids a client may choose (tenantId, sessionId, userId, messageId, Idempotency-Key): no `:` `{` `}`, so none can forge a Redis key. */
export const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The tenant of jobs that serve every tenant. `~` is not in {@link CLIENT_ID}, so no client can name it. */
export const SYSTEM_TENANT = '~system';

/** Names of callback queues that begin so are Nooble's own: what a process that waits for answers is reached by. */
export const REPLY_QUEUE_PREFIX = 'replies.';

/** A new id of ours: a UUIDv7, so ids made later sort later. */
export function newId(): string {
  return v7();
}
