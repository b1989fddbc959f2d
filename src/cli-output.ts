import { styleText } from 'node:util';

const BAR_WIDTH = 30;

/** What a command has found: an object for machines, lines for people. */
export interface CommandResult {
  readonly result: object;
  readonly lines: readonly string[];
  /** The command has done its work, and what it found is wrong. */
  readonly isWrong?: boolean;
}

/** On standard output, in JSON on one line or for a person. */
export function tell({ result, lines }: CommandResult, isJson: boolean): void {
  process.stdout.write(isJson ? `${JSON.stringify(result)}\n` : lines.map((line) => `${line}\n`).join(''));
}

/** Rows under their headings, in columns as wide as they need. @param rows the same number of cells each */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [headings, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
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
