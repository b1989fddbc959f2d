import { createHash, randomBytes } from 'node:crypto';

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
