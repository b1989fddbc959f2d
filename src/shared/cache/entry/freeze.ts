/**
 * Freezes a value through and through, so that one reader cannot change what the next one gets.
 *
 * @returns false when parts of it cannot be frozen (Date, Map, Set, bytes): then every reader needs a copy of its own
 */
export function freezeDeep(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  Object.freeze(value);
  let isFrozen = true;
  for (const part of Object.values(value)) isFrozen = freezeDeep(part) && isFrozen;
  return isFrozen;
}
