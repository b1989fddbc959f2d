/** There is no such entry. Never `undefined` or `null`: those can be results. */
export const MISS: unique symbol = Symbol.for('nooble.memo.MISS');
export type Miss = typeof MISS;

/** An entry's output or expected output is not set. */
export const UNSET: unique symbol = Symbol.for('nooble.memo.UNSET');
export type Unset = typeof UNSET;
