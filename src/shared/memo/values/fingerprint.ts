import { hash } from 'node:crypto';
import { canonicalText } from './canonical-text.js';

/**
 * SHA-256 of the canonical text of a value, 64 hexadecimal digits: for keys of what is long, or is not to be kept where the key is.
 *
 * @throws UNHASHABLE_ARGUMENT
 */
export function fingerprint(value: unknown): string {
  return hash('sha256', canonicalText(value), 'hex');
}
