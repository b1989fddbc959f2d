import { expect, it } from '@jest/globals';
import { barOf, table } from './cli-output.js';

it.each([[0, 0, 30], [0, 7, 0], [1, 1_000, 0], [5, 10, 15], [999, 1_000, 29], [10, 10, 30]])('the bar of %i of %i is %i long, and full only when all is done', (done, total, full) => {
  expect(barOf(done, total)).toBe('█'.repeat(full) + '░'.repeat(30 - full));
});

it('a table has columns as wide as they need, and no blanks at the end of a line', () => {
  expect(table(['ID', 'NAME'], [['1', 'a'], ['1000', '']])).toEqual(['ID    NAME', '1     a', '1000']);
});
