/** Pairs of arguments that are not equal: one key for both is a wrong answer. The same kinds as in test/support/adversarial-arguments.ts. */
export const PAIRS = [
  ['1 and "1"', () => [1, '1']],
  ['1 and 1n', () => [1, 1n]],
  ['1 and true', () => [1, true]],
  ['null and undefined', () => [null, undefined]],
  ['null and "null"', () => [null, 'null']],
  ['NaN and null', () => [NaN, null]],
  ['infinity and minus infinity', () => [Infinity, -Infinity]],
  ['undefined and missing', () => [{ a: undefined }, {}]],
  ['undefined and null in a list', () => [[undefined], [null]]],
  ['a list and its text', () => [[1, 2], '1,2']],
  ['a date and its text', () => [new Date(0), new Date(0).toISOString()]],
  ['an invalid date and null', () => [new Date(NaN), null]],
  ['two maps', () => [new Map([['a', 1]]), new Map([['a', 2]])]],
  ['a map and an object', () => [new Map(), {}]],
  ['two sets', () => [new Set([1]), new Set([2])]],
  ['two regular expressions', () => [/a/, /b/]],
  ['bytes and an object', () => [Uint8Array.of(1), { 0: 1 }]],
  ['bytes of another width', () => [Uint8Array.of(1), Uint16Array.of(1)]],
  ['two array buffers', () => [Uint8Array.of(1).buffer, Uint8Array.of(2).buffer]],
  ['two functions with one source', () => [1, 2].map((n) => () => n)],
  ['two symbols', () => [Symbol('a'), Symbol('a')]],
];

/** How many of the pairs a memoised function takes for one. @param {(fn: Function) => Function} memoize */
export async function wrongKeys(memoize) {
  const wrong = [];
  for (const [name, make] of PAIRS) {
    let runs = 0;
    const f = memoize(() => ++runs);
    const [left, right] = make();
    try {
      if ((await f(left)) === (await f(right))) wrong.push(name);
    } catch {
      // Whoever refuses is not wrong.
    }
  }
  return wrong;
}
