import { inspect } from 'node:util';
import { AppError } from '../errors/index.js';

const internal = (code: string, message: string, cause?: unknown): AppError => new AppError({ kind: 'internal', code, message, cause });

/** What was given, short. */
const printed = (value: unknown): string => inspect(value, { depth: 0, maxStringLength: 60, breakLength: Infinity });

/** Every way in which memoising can fail. A memoised call itself never fails by any but those whose name begins with `batch`: it runs uncached. */
export const memoErrors = {
  unhashable: (path: string, what: string): AppError =>
    internal('UNHASHABLE_ARGUMENT', `A key cannot be made: ${path} is ${what}. Give the class a method toMemoKey(), or exclude the argument.`),
  uncacheable: (path: string, what: string): AppError =>
    internal('UNCACHEABLE_VALUE', `A value cannot be cached: ${path} is ${what}. Return plain data, or say isCacheable: () => false.`),
  damaged: (what: string, cause?: unknown): AppError => internal('MEMO_ENTRY_DAMAGED', `A stored entry cannot be read: ${what}.`, cause),
  nameRequired: (): AppError =>
    internal('MEMO_NAME_REQUIRED', 'A function without a name has none in the next process either: give memoize the option name.'),
  nameInvalid: (name: string): AppError =>
    internal('MEMO_NAME_INVALID', `A name is 1 to 255 characters without control characters, not ${JSON.stringify(name.slice(0, 60))}. Give memoize the option name.`),
  nameTaken: (name: string): AppError =>
    internal('MEMO_NAME_TAKEN', `Another function is memoised as "${name}" in this cache, and would be given its results. Give each memoize its own option name.`),
  ttlInvalid: (ttl: unknown): AppError =>
    internal('MEMO_TTL_INVALID', `A ttl is seconds, more than 0, or a text such as "250ms", "30s", "5m", "1h", "7d"; not ${JSON.stringify(ttl)}.`),
  paramsInvalid: (params: readonly string[]): AppError =>
    internal('MEMO_PARAMS_INVALID', `Names of parameters differ from each other and from "...", unlike ${JSON.stringify(params)}.`),
  namespaceInvalid: (namespace: string): AppError =>
    internal('MEMO_NAMESPACE_INVALID', `A namespace is 1 to 100 of A-Z a-z 0-9 _ . ~ -, not ${JSON.stringify(namespace.slice(0, 120))}.`),
  batchStreams: (name: string): AppError =>
    internal('MEMO_BATCH_STREAMS', `"${name}" is a generator, and a batch is answered by a list. Use memoize for it.`),
  batchInput: (name: string, index: number): AppError =>
    internal('MEMO_BATCH_INPUT', `Argument ${String(index)} of "${name}" is the batch and must be an array. Name another one by the option itemIndex.`),
  batchLength: (name: string, outputs: unknown, inputs: number): AppError =>
    internal('MEMO_BATCH_LENGTH', `"${name}" returned ${String(outputs)} outputs for ${String(inputs)} inputs; a batch function answers each input, in order.`),
  nothingToAnnotate: (name: string): AppError =>
    internal('MEMO_ENTRY_MISSING', `There is no entry of "${name}" with these inputs. Give expected, and annotate makes one.`),
  pageInvalid: (size: unknown): AppError => internal('MEMO_PAGE_INVALID', `The size of a page is an integer from 1, not ${String(size)}.`),
  knowledgeIdInvalid: (id: unknown): AppError =>
    internal('KNOWLEDGE_ID_INVALID', `The id of an object is a text or an exact integer, not ${printed(id)}. Give it a property id, or give the store the option idOf.`),
  notCallable: (func: string, why: string): AppError =>
    internal('MEMO_ENTRY_NOT_CALLABLE', `The inputs of an entry of "${func}" are no call of it: ${why}. Give the option params, or a function that takes the entry's inputs as one object.`),
  noRows: (func: string, others: readonly string[]): AppError =>
    internal('MEMO_TABLE_EMPTY', `There is no entry of "${func}" to test, only of ${JSON.stringify(others)}. Give the option name, or entries that have an expected result.`),
  entryFailed: (assertion: string, what: string, cause?: unknown): AppError => internal('MEMO_ENTRY_FAILED', `${assertion} does not hold: it ${what}.`, cause),
  backendTimedOut: (deadlineMs: number): AppError =>
    internal('MEMO_BACKEND_TIMED_OUT', `The backend of a cache did not answer within ${String(deadlineMs)} ms.`),
  /** @param what such as `folder x` */
  placeMissing: (what: string): AppError =>
    new AppError({ kind: 'notFound', code: 'MEMO_PLACE_MISSING', message: `There is no ${what}: nothing was ever kept there, or the cache is somewhere else.` }),
  placeForeign: (folder: string): AppError =>
    new AppError({
      kind: 'notFound',
      code: 'MEMO_PLACE_MISSING',
      message: `There is no memo cache of JSON files in folder ${folder}: none of the files there is an entry, whose name is 40 digits and .json. Name the cache's own folder, or say disk: or sqlite: if it is of that kind.`,
    }),
  notOurs: (place: string, what: string): AppError => internal('MEMO_PLACE_TAKEN', `${place} ${what}. Name another place.`),
};

/** Whether a call cannot have a key, and so runs uncached. */
export function isUnhashable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UNHASHABLE_ARGUMENT';
}
