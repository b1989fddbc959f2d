import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** One call, as the server saw it. */
export interface EmbeddingCall {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly model: string;
  readonly input: readonly string[];
}

type Reaction = (response: ServerResponse, call: EmbeddingCall) => unknown;

/** A server of OpenAI's embeddings: the vector of a text is `[its length, its first character]`, a text has as many tokens as characters. It remembers what it was asked. */
export class EmbeddingServer {
  readonly calls: EmbeddingCall[] = [];
  /** How the next calls are answered, one each; then as they should be. */
  readonly reactions: Reaction[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void readText(request).then((text) => {
        const { model, input } = JSON.parse(text) as { model: string; input: string[] };
        const call = { path: request.url, authorization: request.headers.authorization, model, input };
        this.calls.push(call);
        (this.reactions.shift() ?? answering())(response, call);
      }, () => undefined);
    });
  }

  static async start(): Promise<EmbeddingServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EmbeddingServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/v1`;
  }

  /** The texts of the calls since it was asked last, call by call. */
  takeInputs(): (readonly string[])[] {
    return this.calls.splice(0).map(({ input }) => input);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** What the server says of a text. */
export function vectorOf(text: string): number[] {
  return [text.length, text.codePointAt(0) ?? 0];
}

/** @param change what is otherwise than it should be */
export function answering(change: (data: { index: number; embedding: number[] }[]) => readonly unknown[] = (data) => data, isCounted = true): Reaction {
  return (response, { input, model }) => {
    const tokens = input.join('').length;
    const data = change(input.map((text, index) => ({ index, embedding: vectorOf(text) })));
    send(response, 200, { object: 'list', data, model, ...(isCounted && { usage: { prompt_tokens: tokens, total_tokens: tokens } }) });
  };
}

/** A failure, to be repeated at once by whoever repeats it. */
export function failing(status: number, message: string): Reaction {
  return (response) => { send(response, status, { error: { message, type: 'x' } }); };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after-ms': '1' }).end(JSON.stringify(body));
}
