import { toStorableText } from '../../../contracts/index.js';

/** The same JSON value as PostgreSQL can keep it: U+FFFD for NUL and half surrogate pairs, in texts and in names. Models and tools say what they like. */
export function toStorableData<T>(value: T): T {
  return storable(value) as T;
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return toStorableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [toStorableText(name), storable(inner)]));
}
