import { styleText } from 'node:util';
import { columnsOf, printable, printableJson } from './printable.js';

const BAR_WIDTH = 30;

/** What a command has found: an object for machines, lines for people. */
export interface CommandResult {
  readonly result: object;
  readonly lines: readonly string[];
  /** The command has done its work, and what it found is wrong. */
  readonly isWrong?: boolean;
}

/** Where a command speaks. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
}

/** Gives out what a command has found, in JSON on one line or for a person. */
export type Tell = (result: CommandResult, options: { readonly json?: boolean }) => void;

/** What it prints: nothing in it that a terminal would obey. */
export function textOf({ result, lines }: CommandResult, isJson: boolean): string {
  return isJson ? `${printableJson(result)}\n` : lines.map((line) => `${printable(line)}\n`).join('');
}

/** Rows under their headings, in columns as wide as they need. @param rows the same number of cells each */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => columnsOf(row[column] ?? ''))));
  return lines.map((row) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - columnsOf(cell))).join('  ').trimEnd());
}

/** A bar of what is done, on standard error and at a terminal alone. @returns what is to be called with each step */
export function progressBar(what: string): (done: number, total: number) => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => undefined;
  return (done, total) => stderr.write(`\r\u001b[2K${styleText('green', barOf(done, total), { stream: stderr })} ${String(done)}/${String(total)} ${what}${done < total ? '' : '\n'}`);
}

/** @returns a bar of fixed width, full when all is done */
export function barOf(done: number, total: number): string {
  const full = total === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * done) / total);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}
