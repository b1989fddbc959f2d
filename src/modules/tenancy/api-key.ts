import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from './principal.js';

/** Whether a key opens anything, and if not, why. */
export const API_KEY_STATUSES = ['active', 'expired', 'revoked'] as const;

export type ApiKeyStatus = (typeof API_KEY_STATUSES)[number];

/** What is known of a key; its secret is not. */
export interface ApiKey {
  readonly keyId: string;
  readonly tenantId: string;
  /** For people. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  /** null for never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** When it got the secret that it has; null for that of its creation. */
  readonly rotatedAt: Date | null;
  /** The secret before that one counts until then; null if it does not. */
  readonly previousValidUntil: Date | null;
}

const PREFIX = 'nk_';
/** Random bytes of a key: 256 bits, so that a plain SHA-256 of it cannot be searched. */
const KEY_BYTES = 32;

/** A new API key, `nk_…`. It is shown once; only its hash is kept. */
export function newApiKey(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64url');
}

/** SHA-256 of a key: what is stored, and what is looked up, so that no comparison of secrets takes place. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Revoked comes before expired. */
export function statusOf({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now = new Date()): ApiKeyStatus {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}
