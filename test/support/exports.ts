import { createHash } from 'node:crypto';

/** An export as somebody reads it who does not trust it. */
export interface ReadExport {
  readonly head: Record<string, unknown>;
  readonly records: readonly Record<string, unknown>[];
  readonly receipt: { readonly type: string; readonly counts: Record<string, number>; readonly sha256: string };
  /** Whether the receipt is right: the number of records of each type, and the hash of all bytes before it. */
  readonly isWhole: boolean;
}

/** Reads an export in NDJSON. @throws when it is cut off before its receipt */
export function readExport(text: string): ReadExport {
  const lines = text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
  const [head, receipt] = [lines.at(0), lines.at(-1)];
  if (!text.endsWith('\n') || head?.['type'] !== 'export' || receipt?.['type'] !== 'receipt') throw new Error('the export is cut off');
  const records = lines.slice(1, -1);
  const counts: Record<string, number> = {};
  for (const { type } of records) counts[String(type)] = (counts[String(type)] ?? 0) + 1;
  const before = text.slice(0, text.slice(0, -1).lastIndexOf('\n') + 1);
  const isWhole = JSON.stringify(counts) === JSON.stringify(receipt['counts']) && createHash('sha256').update(before).digest('hex') === receipt['sha256'];
  return { head, records, receipt: receipt as unknown as ReadExport['receipt'], isWhole };
}

/** Rows of RFC 4180. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
