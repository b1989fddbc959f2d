import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

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

/** Events as the bytes of a `text/event-stream`, no faster than the client reads, with a comment after every 15 s of silence. */
export function eventStream(events: AsyncIterable<ServerSentEvent>): Readable {
  return Readable.from(lines(events[Symbol.asyncIterator]()), { objectMode: false, highWaterMark: BUFFER_BYTES });
}

async function* lines(events: AsyncIterator<ServerSentEvent>): AsyncGenerator<string> {
  yield 'retry: 1000\n\n';
  for (let next = ahead(events); ; ) {
    const turn = await withinKeepAlive(next);
    if (turn === 'silent') {
      yield ': keep-alive\n\n';
      continue;
    }
    if (turn.done === true) return;
    const gathered = await gather(events, turn.value);
    next = gathered.next;
    yield gathered.text;
  }
}

/** The text of an event and of those that are there already, in one piece: a log is replayed in pages. */
async function gather(events: AsyncIterator<ServerSentEvent>, first: ServerSentEvent): Promise<{ readonly text: string; readonly next: Promise<IteratorResult<ServerSentEvent>> }> {
  let text = textOf(first);
  let next = ahead(events);
  const nothingYet = nextTurn(undefined);
  while (text.length < BUFFER_BYTES) {
    // A failure, as an end, is seen when this text is on its way.
    const turn = await Promise.race([next.catch(() => undefined), nothingYet]);
    if (turn === undefined || turn.done === true) break;
    text += textOf(turn.value);
    next = ahead(events);
  }
  return { text, next };
}

function textOf({ id, event, data }: ServerSentEvent): string {
  return `id: ${String(id)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The next one, asked for while the client still reads; its failure shows when it is looked at, and must not end the process before. */
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
