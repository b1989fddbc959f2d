import type { ExecutionEvent } from '../../../contracts/index.js';

/** An event in PostgreSQL: type, when (epoch milliseconds), data. Its seq is its place. */
export type StoredEvent = readonly [type: string, at: number, data: unknown];

/** Events whose seqs are dense. */
export interface StoredPage {
  readonly firstSeq: number;
  readonly events: readonly StoredEvent[];
}

/** Pages as they are stored. A log whose beginning was lost has a gap, and so a page that begins behind it. @param events oldest first */
export function toPages(events: readonly ExecutionEvent[]): StoredPage[] {
  const pages: { firstSeq: number; events: StoredEvent[] }[] = [];
  for (const { seq, type, at, data } of events) {
    let page = pages.at(-1);
    if (page === undefined || page.firstSeq + page.events.length !== seq) pages.push((page = { firstSeq: seq, events: [] }));
    page.events.push([type, Date.parse(at), data]);
  }
  return pages;
}

/** The events of a page with a seq above `after`. */
export function fromPage({ firstSeq, events }: StoredPage, after: number): ExecutionEvent[] {
  const skipped = Math.max(0, after + 1 - firstSeq);
  return events.slice(skipped).map(([type, at, data], i) => ({ seq: firstSeq + skipped + i, type, at: new Date(at).toISOString(), data }) as ExecutionEvent);
}
