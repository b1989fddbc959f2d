import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APICallError, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';
import { createOpenAiCompatibleModel } from './openai-compatible.model.js';

type Event = { readonly type: string; readonly [field: string]: unknown };
type Answer = (response: ServerResponse) => void;
interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Record<string, unknown>;
}

let server: Server;
let baseUrl: string;
let answers: Answer[];
let seen: Seen[];

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});

afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = JSON.parse(await readText(request)) as Record<string, unknown>;
  seen.push({ url: request.url, authorization: request.headers.authorization, body });
  const answer = answers.shift() ?? failing(500, 'the test has no further answer');
  answer(response);
}

const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
const chunk = (delta: unknown, finishReason: string | null = null): unknown => ({
  id: 'chat-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'tiny',
  choices: [{ index: 0, delta, finish_reason: finishReason }],
});

function sse(response: ServerResponse, events: readonly unknown[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
}

const streaming = (...events: unknown[]): Answer => (response) => {
  sse(response, [...events, { ...(chunk({}) as object), choices: [], usage }]);
  response.end('data: [DONE]\n\n');
};

const failing = (status: number, message: string, headers: Record<string, string> = {}): Answer => (response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error: { message } }));
};

const modelOf = (apiKey?: string): ReturnType<typeof createOpenAiCompatibleModel> =>
  createOpenAiCompatibleModel({ baseUrl, name: 'tiny', ...(apiKey === undefined ? {} : { apiKey }) });

async function eventsOf(options: Partial<Parameters<typeof streamText>[0]> = {}, onEvent: (event: Event) => unknown = () => undefined): Promise<Event[]> {
  const started = streamText({ model: modelOf(), maxRetries: 0, onError: () => undefined, ...options, prompt: 'Hi' } as Parameters<typeof streamText>[0]);
  const events: Event[] = [];
  for await (const part of started.stream) {
    events.push(part);
    onEvent(part);
  }
  return events;
}

const textOf = (events: readonly Event[]): string => events.filter(({ type }) => type === 'text-delta').map(({ text }) => String(text)).join('');

describe('a model behind an OpenAI-compatible endpoint', () => {
  it('streams words and the usage the endpoint counted', async () => {
    answers.push(streaming(chunk({ role: 'assistant', content: 'Hello ' }), chunk({ content: 'you' }), chunk({}, 'stop')));
    const events = await eventsOf();
    expect(textOf(events)).toBe('Hello you');
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 7, outputTokens: 2, totalTokens: 9 } });
  });

  it('sends the model, the messages, the key and the wish for usage, but none of our own provider options', async () => {
    answers.push(streaming(chunk({ content: 'ok' }, 'stop')));
    const options = { model: modelOf('secret-key'), instructions: 'Be kind.', temperature: 0, providerOptions: { nooble: { executionId: 'e1' } } };
    await eventsOf(options);
    expect(seen).toMatchObject([{ url: '/v1/chat/completions', authorization: 'Bearer secret-key' }]);
    expect(seen[0]?.body).toEqual({
      model: 'tiny',
      messages: [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'Hi' }],
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it.each([undefined, ''])('sends no Authorization header when the key is %p', async (apiKey) => {
    answers.push(streaming(chunk({ content: 'ok' }, 'stop')));
    await eventsOf({ model: modelOf(apiKey) });
    expect(seen).toMatchObject([{ authorization: undefined }]);
  });

  it('answers without a stream as well', async () => {
    answers.push((response) => {
      const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: 'chat-1', created: 1, model: 'tiny', choices, usage }));
    });
    const { text, usage: counted } = await generateText({ model: modelOf(), prompt: 'Hi' });
    expect([text, counted.inputTokens, counted.outputTokens]).toEqual(['Hello', 7, 2]);
  });

  it('runs a tool whose arguments come in pieces and sends the result back', async () => {
    const call = (fields: object): unknown => chunk({ tool_calls: [{ index: 0, ...fields }] });
    answers.push(
      streaming(call({ id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1,' } }), call({ function: { arguments: '"b":2}' } }), chunk({}, 'tool_calls')),
      streaming(chunk({ content: 'three' }, 'stop')),
    );
    const schema = jsonSchema<{ a: number; b: number }>({ type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } });
    const add = tool({ inputSchema: schema, execute: async ({ a, b }) => ({ total: a + b }) });
    expect(textOf(await eventsOf({ tools: { add }, stopWhen: isStepCount(3) }))).toBe('three');
    expect(seen[1]?.body['messages']).toEqual(expect.arrayContaining([{ role: 'tool', tool_call_id: 'c1', content: '{"total":3}' }]));
  });
});

describe('when the endpoint fails', () => {
  it.each([
    [400, false],
    [401, false],
    [429, true],
    [500, true],
    [503, true],
  ])('status %i is an APICallError whose isRetryable is %p', async (statusCode, isRetryable) => {
    answers.push(failing(statusCode, 'no room today'));
    const error = (await eventsOf()).find(({ type }) => type === 'error')?.['error'];
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode, isRetryable, message: 'no room today' });
    expect(seen).toHaveLength(1);
  });

  it('a retryable status is tried again when retries are asked for', async () => {
    answers.push(failing(429, 'no room today', { 'retry-after-ms': '1' }), streaming(chunk({ content: 'ok' }, 'stop')));
    expect(textOf(await eventsOf({ maxRetries: 1 }))).toBe('ok');
    expect(seen).toHaveLength(2);
  });

  it('an endpoint that is not there is an error, at once', async () => {
    const model = createOpenAiCompatibleModel({ baseUrl: 'http://127.0.0.1:1/v1', name: 'tiny' });
    expect((await eventsOf({ model })).map(({ type }) => type)).toEqual(['start', 'error']);
  });

  it('an error event inside the stream is an error part', async () => {
    answers.push((response) => {
      sse(response, [chunk({ content: 'Hel' }), { error: { message: 'overloaded' } }]);
      response.end('data: [DONE]\n\n');
    });
    const events = await eventsOf();
    expect(textOf(events)).toBe('Hel');
    expect(events.map(({ type }) => type)).toContain('error');
  });

  it('a socket cut midway makes the stream throw an APICallError after the words that came', async () => {
    answers.push((response) => {
      sse(response, [chunk({ content: 'Hel' })]);
      response.write(': flushed\n\n', () => setImmediate(() => response.destroy()));
    });
    const events: Event[] = [];
    const error: unknown = await eventsOf({}, (event) => events.push(event)).then(() => undefined, (reason: unknown) => reason);
    expect(textOf(events)).toBe('Hel');
    // isRetryable is true outside jest only: in its realm the SDK does not know fetch's TypeError for one.
    expect(APICallError.isInstance(error)).toBe(true);
  });

  it('a stream that ends without a finish reason finishes as an error', async () => {
    answers.push((response) => {
      sse(response, [chunk({ content: 'Hel' })]);
      response.end();
    });
    const events = await eventsOf();
    expect(textOf(events)).toBe('Hel');
    expect(events.find(({ type }) => type === 'error')).toMatchObject({ error: { message: 'Response stream ended without a finish reason.' } });
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'error' });
  });
});

describe('aborting', () => {
  it('closes the socket of a stream under way and keeps the words that came', async () => {
    const closed = new Promise<void>((resolve) =>
      answers.push((response) => {
        response.on('close', resolve);
        sse(response, [chunk({ content: 'Hel' })]);
      }),
    );
    const controller = new AbortController();
    const abortAtText = ({ type }: Event): unknown => type === 'text-delta' && controller.abort();
    const events = await eventsOf({ abortSignal: controller.signal }, abortAtText);
    await closed;
    expect(textOf(events)).toBe('Hel');
    expect(events.at(-1)).toMatchObject({ type: 'abort' });
  });

  it('closes the socket of a call that has no answer yet', async () => {
    const controller = new AbortController();
    const closed = new Promise<void>((resolve) =>
      answers.push((response) => {
        response.on('close', resolve);
        controller.abort();
      }),
    );
    const events = await eventsOf({ abortSignal: controller.signal });
    await closed;
    expect(events.at(-1)).toMatchObject({ type: 'abort' });
  });
});
