import { memoErrors } from '../memo.errors.js';

const VALID = /^[\w.~-]{1,100}$/;
/** UTF-16 units of a name in a column. */
const COLUMN = 255;

/** The name under which one cache has a shared place to itself. @throws MEMO_NAMESPACE_INVALID */
export function namespaceOf(namespace = 'default'): string {
  if (!VALID.test(namespace)) throw memoErrors.namespaceInvalid(namespace);
  return namespace;
}

/** Whether {@link columnOf} has that name whole, so that the column alone tells whose an entry is. */
export function isWholeColumn(func: string): boolean {
  return func.length < COLUMN && columnOf(func) === func;
}

/** A function's name for a column that people search; the entry itself has it whole. */
export function columnOf(func: string): string {
  return func.toWellFormed().replaceAll('\0', '\ufffd').slice(0, COLUMN).toWellFormed();
}
