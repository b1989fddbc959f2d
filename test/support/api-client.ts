import { TestSocket } from './test-socket.js';

/** An answer of the REST API. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface ErrorAnswer {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  readonly details?: { readonly fields?: readonly { readonly field: string; readonly message: string }[]; readonly retryAfterMs?: number };
}

/** An event as SSE and the WebSocket show it. */
export interface SeenEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Speaks HTTP and WebSocket to one server with the same credentials. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly headers: Record<string, string>,
  ) {}

  /** The same caller, saying more. */
  with(headers: Record<string, string>): ApiClient {
    return new ApiClient(this.url, { ...this.headers, ...headers });
  }

  get<T>(path: string): Promise<Answer<T>> {
    return this.call('GET', path);
  }

  post<T>(path: string, body: unknown = {}): Promise<Answer<T>> {
    return this.call('POST', path, body);
  }

  patch<T>(path: string, body: unknown): Promise<Answer<T>> {
    return this.call('PATCH', path, body);
  }

  delete<T>(path: string): Promise<Answer<T>> {
    return this.call('DELETE', path);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(this.url + path, { method, headers: { ...this.headers, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...init });
    const text = await response.text();
    // An export is lines of JSON, or a table.
    const isStream = /ndjson|csv/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: (text === '' ? undefined : isStream ? text : JSON.parse(text)) as T };
  }

  /** Every event of an execution after a cursor, over SSE, until the stream ends. */
  async events(executionId: string, after = 0): Promise<SeenEvent[]> {
    const response = await fetch(`${this.url}/api/v1/executions/${executionId}/events?after=${String(after)}`, { headers: this.headers });
    if (response.status !== 200) throw new Error(`SSE answered ${String(response.status)}: ${await response.text()}`);
    return parseEvents(await response.text());
  }

  /** An open socket, its `connection.ack` read. */
  async socket(sessionId: string): Promise<TestSocket> {
    return TestSocket.open(`${this.url.replace('http', 'ws')}/ws?sessionId=${sessionId}`, this.headers);
  }
}

function parseEvents(text: string): SeenEvent[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as SeenEvent);
}
