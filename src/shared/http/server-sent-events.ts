import { Readable } from 'node:stream';

/** One event of a `text/event-stream`; `id` is what the client sends back as `Last-Event-ID`. */
export interface ServerSentEvent {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

const KEEP_ALIVE_MS = 15_000;
const BUFFER_BYTES = 65_536;

/** The headers of an event stream; `x-accel-buffering` keeps reverse proxies from holding it back. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** Pages of events as the bytes of a `text/event-stream`, no faster than the client reads, with a comment after every 15 s of silence. */
export function eventStream(pages: AsyncIterable<readonly ServerSentEvent[]>): Readable {
  return Readable.from(lines(pages[Symbol.asyncIterator]()), { objectMode: false, highWaterMark: BUFFER_BYTES });
}

async function* lines(pages: AsyncIterator<readonly ServerSentEvent[]>): AsyncGenerator<string> {
  let next = ahead(pages);
  yield 'retry: 1000\n\n';
  for (;;) {
    const turn = await withinKeepAlive(next);
    if (turn === 'silent') {
      yield ': keep-alive\n\n';
      continue;
    }
    if (turn.done === true) return;
    next = ahead(pages);
    yield* textsOf(turn.value);
  }
}

/** The events of a page in few pieces: each is a write of its own. */
function* textsOf(page: readonly ServerSentEvent[]): Generator<string> {
  let text = '';
  for (const event of page) {
    text += textOf(event);
    if (text.length < BUFFER_BYTES) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function textOf({ id, event, data }: ServerSentEvent): string {
  return `id: ${String(id)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The next page, asked for while the client still reads; its failure shows when it is looked at, and must not end the process before. */
function ahead<T>(events: AsyncIterator<T>): Promise<IteratorResult<T>> {
  const next = events.next();
  next.catch(() => undefined);
  return next;
}

async function withinKeepAlive<T>(next: Promise<T>): Promise<T | 'silent'> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'silent'>((resolve) => {
    timer = setTimeout(resolve, KEEP_ALIVE_MS, 'silent');
  });
  return Promise.race([next, silence]).finally(() => {
    clearTimeout(timer);
  });
}
