import { inspect } from 'node:util';
import { table } from '../cli-output.js';
import type { StoredEntry } from './memo-entries.js';
import type { MemoCount, MemoTotals } from './memo-totals.js';
import { columnsOf, shortened } from '../printable.js';
import { UNSET, entryText } from '../../shared/memo/index.js';

/** Digits of a key in a table. */
const SHOWN_DIGITS = 10;
/** Columns of a function's name: a share of the terminal, within bounds, so that 80 are enough for all. */
const FUNCTION_SHARE = 0.2;
const [MIN_FUNCTION, MAX_FUNCTION] = [12, 30];
/** Columns that inputs and output have at the least, however narrow the terminal is. */
const MIN_VALUE = 10;
const GAP = 2;
const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
/** Longest time in each unit, and how many milliseconds it has. */
const TIMES = [[120_000, 1_000, 's'], [7_200_000, 60_000, 'min'], [172_800_000, 3_600_000, 'h'], [Infinity, 86_400_000, 'd']] as const;

/** Rows of `inspect`. @param width columns of the terminal */
export function entryTable(entries: readonly StoredEntry[], width: number): string[] {
  const functionWidth = Math.min(MAX_FUNCTION, Math.max(MIN_FUNCTION, Math.floor(width * FUNCTION_SHARE)));
  const rows = entries.map(({ slot, entry, sizeBytes, expiresAt }) => ({
    front: [slot.slice(0, SHOWN_DIGITS), shortened(entry.func, functionWidth)],
    inputs: valueText(entry.inputs),
    output: valueText(entry.output),
    back: [entry.annotated ? 'yes' : '', expiryText(expiresAt), sizeText(sizeBytes)],
  }));
  const others = table(['KEY', 'FUNCTION', 'ANNOT.', 'EXPIRES', 'SIZE'], rows.map(({ front, back }) => [...front, ...back]));
  const room = width - Math.max(...others.map(columnsOf)) - 2 * GAP;
  const [inputs, output] = shares(room, rows);
  return table(
    ['KEY', 'FUNCTION', 'INPUTS', 'OUTPUT', 'ANNOT.', 'EXPIRES', 'SIZE'],
    rows.map((row) => [...row.front, shortened(row.inputs, inputs), shortened(row.output, output), ...row.back]),
  );
}

/** Rows of `stats`, all in the last one. */
export function totalsTable({ functions, total }: MemoCount): string[] {
  const row = (name: string, { entries, annotated, expired, sizeBytes, firstExpiresAt, lastExpiresAt }: MemoTotals): string[] =>
    [shortened(name, MAX_FUNCTION), String(entries), String(annotated), String(expired), sizeText(sizeBytes), timeText(firstExpiresAt), timeText(lastExpiresAt)];
  return table(['FUNCTION', 'ENTRIES', 'ANNOTATED', 'EXPIRED', 'SIZE', 'FIRST EXPIRY', 'LAST EXPIRY'], [...functions.map((totals) => row(totals.func, totals)), row('(all)', total)]);
}

/** An entry whole, as programs are given it: values that JSON does not have as `entryText` writes them. */
export function entryRecord({ slot, entry, sizeBytes, expiresAt, isExpired }: StoredEntry): object {
  return { key: slot, ...(JSON.parse(entryText(entry)) as object), annotated: entry.annotated, expiresAt: expiresAt === undefined ? null : isoTime(expiresAt), isExpired, sizeBytes };
}

/** Columns of inputs and of outputs: one that needs less than half leaves the rest to the other. */
function shares(room: number, rows: readonly { readonly inputs: string; readonly output: string }[]): [number, number] {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(columnsOf));
  const [inputs, output] = [widest(rows.map((row) => row.inputs)), widest(rows.map((row) => row.output))];
  const half = Math.floor(room / 2);
  return [Math.max(MIN_VALUE, half, room - output), Math.max(MIN_VALUE, half, room - inputs)];
}

/** The beginning of a value, on one line. */
function valueText(value: unknown): string {
  return value === UNSET ? '' : inspect(value, { depth: 4, breakLength: Infinity, compact: true, maxArrayLength: 20, maxStringLength: 400 });
}

function expiryText(expiresAt: number | undefined): string {
  if (expiresAt === undefined) return 'never';
  const left = expiresAt - Date.now();
  if (left <= 0) return 'expired';
  const [, unitMs, unit] = TIMES.find(([longest]) => left < longest) ?? TIMES[3];
  return `in ${String(Math.ceil(left / unitMs))} ${unit}`;
}

function timeText(time: number | null): string {
  return time === null ? '–' : isoTime(time).replace(/\.\d+Z$/, 'Z');
}

/** Dates end in the year 275760; what is said to end later does not. */
function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

function sizeText(bytes: number): string {
  const power = Math.min(SIZE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${power === 0 ? String(bytes) : (bytes / 1_000 ** power).toFixed(1)} ${SIZE_UNITS[power] ?? ''}`;
}
