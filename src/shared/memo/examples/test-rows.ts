import { isDeepStrictEqual } from 'node:util';
import { type CallShape, EntryCall } from '../calls/entry-call.js';
import type { Callable } from '../calls/function-kind.js';
import type { CacheEntry } from '../entry/cache-entry.js';
import { entryAssertion, entryName, shown } from '../entry/entry-names.js';
import { memoErrors } from '../memo.errors.js';
import { UNSET } from '../symbols.js';

export interface TestRowOptions extends CallShape {
  /** Of which function the entries are, when it is called otherwise there. */
  readonly name?: string;
}

/** One entry as a test, for `it.each(rows)('$assertion', ({ check }) => check())`. */
export interface TestRow {
  /** `add(x=5, y=10)` */
  readonly name: string;
  /** `add(x=5, y=10) = 15` */
  readonly assertion: string;
  /** What the result should be: the entry's `expected` before its `output`. */
  readonly expected: unknown;
  /** Calls the function. @throws MEMO_ENTRY_NOT_CALLABLE, or what the function throws */
  readonly run: () => Promise<unknown>;
  /** Calls it and compares, deeply and strictly. @throws MEMO_ENTRY_FAILED, which says what it returned or threw */
  readonly check: () => Promise<void>;
}

/**
 * The entries of one function as tests of it. An array is a table: each entry with a result is tested. Of anything else, such as a cache,
 * those are that somebody has annotated: what was merely computed proves nothing.
 *
 * @param fn of a memoised function the original is called
 * @throws MEMO_TABLE_EMPTY when there is none: a table that tests nothing is a mistake
 */
export function testRows(fn: Callable, source: Iterable<CacheEntry>, options?: TestRowOptions): TestRow[];
export function testRows(fn: Callable, source: AsyncIterable<CacheEntry>, options?: TestRowOptions): Promise<TestRow[]>;
export function testRows(fn: Callable, source: Iterable<CacheEntry> | AsyncIterable<CacheEntry>, { name, ...shape }: TestRowOptions = {}): TestRow[] | Promise<TestRow[]> {
  const call = new EntryCall(fn, shape);
  const rowsOf = (entries: readonly CacheEntry[]): TestRow[] => {
    const func = name ?? call.func;
    const own = entries.filter((entry) => entry.func === func && (Array.isArray(source) ? entry.value !== UNSET : entry.annotated));
    if (own.length === 0) throw memoErrors.noRows(func, [...new Set(entries.map((entry) => entry.func))]);
    return own.map((entry) => rowOf(entry, call));
  };
  return Symbol.asyncIterator in source ? Array.fromAsync(source).then(rowsOf) : rowsOf([...source]);
}

function rowOf(entry: CacheEntry, call: EntryCall): TestRow {
  const assertion = entryAssertion(entry);
  const run = async (): Promise<unknown> => call.run(entry.toDict().inputs);
  const check = async (): Promise<void> => {
    const result = await run().catch((error: unknown) => {
      throw memoErrors.entryFailed(assertion, `threw ${error instanceof Error ? `${error.name}: ${error.message}` : shown(error)}`, error);
    });
    if (!isDeepStrictEqual(result, entry.ownValue())) throw memoErrors.entryFailed(assertion, `returned ${shown(result)}`);
  };
  return { name: entryName(entry), assertion, expected: entry.ownValue(), run, check };
}
