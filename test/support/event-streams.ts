import { type IncomingMessage, get } from 'node:http';
import { WebSocket } from 'ws';
import type { ExecutionEventType } from '../../src/contracts/index.js';
import type { SeenEvent } from './api-client.js';

/** One connection that follows an execution. */
export interface Following {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly executionId: string;
  /** seq of the last event that the reader has. */
  readonly after: number;
  /** Ends the connection without a word. */
  readonly cut: AbortSignal;
}

export type FollowedEvent = SeenEvent & { readonly type: ExecutionEventType; readonly at: string; readonly executionId: string };

/** How a connection ended: by its protocol, or because it broke; or what was answered instead of events. */
export type StreamEnd = { readonly kind: 'ended' | 'broken' } | { readonly kind: 'closed'; readonly code: number } | { readonly kind: 'refused'; readonly answer: string };

export type Follow = (following: Following, onEvent: (event: FollowedEvent) => void) => Promise<StreamEnd>;

/** Over SSE on a socket of its own, resuming by `?after=`. */
export const overSse: Follow = (following, onEvent) => stream(following, `?after=${String(following.after)}`, {}, onEvent);

/** The same, resuming by `Last-Event-ID`, as `EventSource` does. */
export const overSseAgain: Follow = (following, onEvent) => stream(following, '', { 'last-event-id': String(following.after) }, onEvent);

/** Over a WebSocket, by `subscribe { after }`. */
export const overSocket: Follow = ({ url, headers, executionId, after, cut }, onEvent) =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
    const answer = (text: string): void => {
      resolve({ kind: 'refused', answer: text });
      socket.terminate();
    };
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'subscribe', data: { executionId, after } }));
    });
    socket.on('message', (bytes: Buffer) => {
      if (cut.aborted) return;
      const frame = JSON.parse(bytes.toString()) as FollowedEvent | { readonly type: 'error' | 'connection.ack' };
      if ('seq' in frame) onEvent(frame);
      else if (frame.type === 'error') answer(bytes.toString());
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      resolve(code === 1006 ? { kind: 'broken' } : { kind: 'closed', code });
    });
    onAbort(cut, () => {
      socket.terminate();
    });
  });

function stream({ url, headers, executionId, cut }: Following, query: string, more: Record<string, string>, onEvent: (event: FollowedEvent) => void): Promise<StreamEnd> {
  return new Promise((resolve) => {
    const request = get(`${url}/api/v1/executions/${executionId}/events${query}`, { headers: { ...headers, ...more }, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(frames(response, cut, onEvent));
      else resolve(refusal(response));
    });
    request.on('error', () => {
      resolve({ kind: 'broken' });
    });
    onAbort(cut, () => {
      request.destroy();
    });
  });
}

/** Whole frames only: of one that is cut off nothing is seen, as the standard wants it. */
async function frames(response: IncomingMessage, cut: AbortSignal, onEvent: (event: FollowedEvent) => void): Promise<StreamEnd> {
  let rest = '';
  try {
    for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
      const whole = (rest + text).split('\n\n');
      rest = whole.pop() ?? '';
      for (const frame of whole) if (!cut.aborted) readFrame(frame, onEvent);
    }
  } catch {
    return { kind: 'broken' };
  }
  return { kind: !cut.aborted && response.complete && rest === '' ? 'ended' : 'broken' };
}

/** What the frame says of itself counts: `EventSource` knows nothing else. */
function readFrame(frame: string, onEvent: (event: FollowedEvent) => void): void {
  const fields = new Map(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const data = fields.get('data');
  if (data !== undefined) onEvent({ ...(JSON.parse(data) as FollowedEvent), seq: Number(fields.get('id')), type: fields.get('event') as ExecutionEventType });
}

async function refusal(response: IncomingMessage): Promise<StreamEnd> {
  const texts: string[] = [];
  try {
    for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) texts.push(text);
  } catch {
    return { kind: 'broken' };
  }
  return { kind: 'refused', answer: `${String(response.statusCode)} ${texts.join('')}` };
}

function onAbort(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}
