import { createHash } from 'node:crypto';
import { type ExportFormat, type ExportLine, LINE_FORMATS } from './export-format.js';
import type { ExportRecord } from './export-record.js';

/** Text that is handed on at once: lines are gathered up to so much. Characters. */
const CHUNK = 65_536;

/** What an export says of itself before all else. */
export type ExportFacts = Readonly<Record<string, unknown>>;

/**
 * An export as text: first what it is, then its records, last a receipt with the number of records of each type and the SHA-256, hexadecimal, over
 * all bytes before the receipt. Whoever has no receipt at the end has not got everything.
 */
export async function* exportText(facts: ExportFacts, records: AsyncIterable<ExportRecord>, format: ExportFormat): AsyncGenerator<string> {
  const { head, line } = LINE_FORMATS[format];
  const hash = createHash('sha256');
  const counts: Record<string, number> = {};
  let text = head + line({ type: 'export', version: 1, ...facts } satisfies ExportLine);
  for await (const record of records) {
    counts[record.type] = (counts[record.type] ?? 0) + 1;
    text += line(record);
    if (text.length < CHUNK) continue;
    hash.update(text);
    yield text;
    text = '';
  }
  hash.update(text);
  yield text + line({ type: 'receipt', counts, endedAt: new Date().toISOString(), sha256: hash.digest('hex') });
}
