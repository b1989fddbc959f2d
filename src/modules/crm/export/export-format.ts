import type { ExportRecord } from './export-record.js';

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A record, or what an export says of itself at its beginning and its end. */
export type ExportLine = ExportRecord | ({ readonly type: 'export' | 'receipt' } & Readonly<Record<string, unknown>>);

/** How lines become text. */
export interface LineFormat {
  readonly mediaType: string;
  /** Before all lines; '' for nothing. */
  readonly head: string;
  /** With its end of line. */
  readonly line: (line: ExportLine) => string;
}

/** Columns of the table; whatever a record has besides is JSON in the last one. */
const COLUMNS = ['type', 'conversationId', 'id', 'seq', 'at', 'state', 'userId', 'content', 'data'] as const;

/** What stands in the columns that are called otherwise in the record. */
const NAMES: Readonly<Record<string, Partial<Record<(typeof COLUMNS)[number], string>>>> = {
  export: { id: 'exportId', at: 'exportedAt' },
  receipt: { at: 'endedAt' },
  conversation: { at: 'createdAt', state: 'status', content: 'summary' },
  message: { id: 'messageId', at: 'createdAt', state: 'role' },
  note: { id: 'noteId', at: 'createdAt', content: 'text' },
  execution: { id: 'executionId', at: 'queuedAt', state: 'status' },
  command: { id: 'commandId', at: 'createdAt', state: 'status', content: 'task' },
  gone: {},
};

/** What spreadsheets take for the beginning of a formula, also in its wide forms; and the apostrophe, so that what stands before is taken off without a doubt. */
const FORMULA = /^[=+\-@\t\r\n'＝＋－＠]/;
const QUOTED = /[",\r\n]/;

/**
 * A cell by RFC 4180. A text that a spreadsheet would compute gets an apostrophe before it, which spreadsheets do not show.
 *
 * @source OWASP, "CSV Injection"
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? (FORMULA.test(value) ? `'${value}` : value) : value instanceof Date ? value.toISOString() : JSON.stringify(value);
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvLine(line: ExportLine): string {
  const names = NAMES[line.type] ?? {};
  const rest = new Map(Object.entries(line));
  const cells = COLUMNS.slice(0, -1).map((column) => {
    const name = names[column] ?? column;
    const value = rest.get(name);
    rest.delete(name);
    return csvCell(value);
  });
  return `${[...cells, csvCell(rest.size === 0 ? null : Object.fromEntries(rest))].join(',')}\r\n`;
}

export const LINE_FORMATS: Readonly<Record<ExportFormat, LineFormat>> = {
  ndjson: { mediaType: 'application/x-ndjson; charset=utf-8', head: '', line: (line) => `${JSON.stringify(line)}\n` },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', head: `${COLUMNS.join(',')}\r\n`, line: csvLine },
};
