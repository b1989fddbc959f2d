import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/**
 * An id that follows from another one: a UUIDv7 of the same millisecond, the rest of it from SHA-256.
 *
 * @param seed a UUIDv7
 * @param name what the id is for; the same name gives the same id
 */
export function derivedId(seed: string, name: string): string {
  const random = createHash('sha256').update(`${seed} ${name}`).digest().subarray(0, 16);
  return v7({ msecs: Number.parseInt(seed.replace('-', '').slice(0, 12), 16), random });
}
