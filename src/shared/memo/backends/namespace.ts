import { memoErrors } from '../memo.errors.js';

const VALID = /^[\w.~-]{1,100}$/;

/** The name under which one cache has a shared place to itself. @throws MEMO_NAMESPACE_INVALID */
export function namespaceOf(namespace = 'default'): string {
  if (!VALID.test(namespace)) throw memoErrors.namespaceInvalid(namespace);
  return namespace;
}

/** A function's name for a column that people search; the entry itself has it whole. */
export function columnOf(func: string): string {
  return func.toWellFormed().replaceAll('\0', '\ufffd').slice(0, 255).toWellFormed();
}
