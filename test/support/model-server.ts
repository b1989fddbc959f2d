import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** One call of a model, as its server saw it. */
export interface ModelCall {
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly temperature?: number; readonly max_tokens?: number; readonly messages: readonly { role: string; content: string }[] };
}

/** What a server does with a call. @param nth how-manieth call it is that ends with this user message, from 1 */
export type Reaction = (response: ServerResponse, nth: number) => void;

/** A server of the OpenAI-compatible protocol that answers "ok", unless it was told otherwise, and remembers what it was asked. */
export class ModelServer {
  readonly calls: ModelCall[] = [];
  private readonly reactions = new Map<string, Reaction>();
  private readonly sockets = new Set<Socket>();
  private open = 0;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.open++;
      response.on('close', () => this.open--);
      void readText(request).then((text) => {
        this.calls.push({ authorization: request.headers.authorization, body: JSON.parse(text) as ModelCall['body'] });
        const asked = askedBy(this.calls.at(-1)!);
        (this.reactions.get(asked) ?? answering('ok'))(response, this.callsFor(asked).length);
      }, () => undefined);
    });
  }

  static async start(): Promise<ModelServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ModelServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/v1`;
  }

  /** Connections that are open, idle ones too. */
  get openSockets(): number {
    return this.sockets.size;
  }

  /** Calls whose answer is neither whole nor broken off. */
  get openCalls(): number {
    return this.open;
  }

  /** From now on calls whose last user message is this are answered so. */
  on(message: string, reaction: Reaction): void {
    this.reactions.set(message, reaction);
  }

  /** Calls whose last user message was this. */
  callsFor(message: string): ModelCall[] {
    return this.calls.filter((call) => askedBy(call) === message);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const CHUNK = { id: 'chat-1', object: 'chat.completion.chunk', created: 1, model: 'tiny' };

/** An event of a stream. */
export function frame(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** A piece of an answer. @param finishReason of the last one */
export function piece(delta: unknown, finishReason: string | null = null): string {
  return frame({ ...CHUNK, choices: [{ index: 0, delta, finish_reason: finishReason }] });
}

/** What comes after the last piece. */
export const END = frame({ ...CHUNK, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }) + frame('[DONE]');

/** The head of a stream. */
export function stream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream' });
}

/** A whole answer, as it should be. */
export function answering(text: string): Reaction {
  return (response) => void stream(response).end(piece({ content: text }, 'stop') + END);
}

function askedBy({ body }: ModelCall): string {
  return body.messages.findLast(({ role }) => role === 'user')?.content ?? '';
}
