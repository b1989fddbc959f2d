import { inspect } from 'node:util';
import { UNSET } from '../symbols.js';
import type { CacheEntry } from './cache-entry.js';

/** Characters of a text, and items of a list, that a name shows. A number without a source: a name is one line. */
const MAX_TEXT = 80;
const MAX_ITEMS = 10;

/** An entry as the call that it is of: `add(x=5, y=10)`. @source AgentHeaven 0.9.2, ExperienceUKFT */
export function entryName({ func, inputs }: CacheEntry): string {
  const parts = Object.entries(inputs).map(([name, value]) => `${name}=${shown(value)}`);
  return `${func}(${parts.join(', ')})`;
}

/** What an entry says: `add(x=5, y=10) = 15`; what should be before what was. */
export function entryAssertion(entry: CacheEntry): string {
  return entry.value === UNSET ? `${entryName(entry)} = ?` : `${entryName(entry)} = ${shown(entry.value)}`;
}

/** A value in one line. */
export function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity, compact: true, depth: 3, maxArrayLength: MAX_ITEMS, maxStringLength: MAX_TEXT });
}
