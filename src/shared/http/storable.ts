/** One thing wrong with one field; `field` is a dotted path. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** Names that every object in JavaScript has something under: frameworks take such fields away without a word. */
const TAKEN = new Set(['__proto__', 'constructor', 'prototype']);

/** JSON deeper than this is nobody's honest message; it would only exhaust somebody's stack. */
const MAX_DEPTH = 32;

/**
 * The first thing in a JSON value that the stores could not keep exactly: PostgreSQL has no NUL and no half surrogate pair.
 *
 * @param field where the value stands, for the fault; '' at the top
 */
export function findUnstorable(value: unknown, field = '', depth = 0): FieldFault | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : { field, message: `${field} must be Unicode text without NUL and without half a surrogate pair` };
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return { field, message: `${field} must not be nested deeper than ${String(MAX_DEPTH)} levels` };
  return firstFault(Object.entries(value), field, depth);
}

function firstFault(entries: readonly [string, unknown][], field: string, depth: number): FieldFault | undefined {
  for (const [key, inner] of entries) {
    const path = field === '' ? key : `${field}.${key}`;
    const fault = faultOfName(key, field) ?? findUnstorable(inner, path, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

function faultOfName(key: string, field: string): FieldFault | undefined {
  if (!isStorable(key)) return { field, message: `${field} has a field whose name holds NUL or half a surrogate pair` };
  return TAKEN.has(key) ? { field, message: `${field} must not have a field with the name ${key}` } : undefined;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
