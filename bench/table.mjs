import { style } from '../scripts/progress.mjs';

/**
 * Prints a table with a title; the first column is aligned left, the others right.
 *
 * @param {{ title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[] }} table cells that are numbers are rounded
 */
export function printTable(table) {
  const [title, columns, ...rows] = linesOf(table);
  console.log(`\n${style.bold(title)}\n${style.dim(columns)}`);
  for (const row of rows) console.log(row);
}

/** The same table as text, for a file. */
export function tableText(table) {
  return linesOf(table).join('\n');
}

function linesOf({ title, columns, rows }) {
  const texts = rows.map((row) => row.map(cellText));
  const widths = columns.map((column, i) => Math.max(column.length, ...texts.map((row) => row[i].length)));
  const line = (cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd();
  return [title, line(columns), ...texts.map(line)];
}

function cellText(cell) {
  return typeof cell === 'number' ? rounded(cell) : cell;
}

/**
 * A number with three significant digits, whole from 100 on.
 *
 * @param {number} value
 * @returns {string}
 */
export function rounded(value) {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
