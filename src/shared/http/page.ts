/** A page of a list, newest first. */
export interface Page<T> {
  readonly data: readonly T[];
  /** Where the next page goes on; null on the last one. */
  readonly nextCursor: string | null;
  /** How many there are in all. */
  readonly total: number;
}

/**
 * @param rows   one more than `limit` if there are that many: the last one only says that there is another page
 * @param cursorOf what the next page goes on after
 */
export function pageOf<T>(rows: readonly T[], { limit, total }: { readonly limit: number; readonly total: number }, cursorOf: (last: T) => string): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null, total };
}
