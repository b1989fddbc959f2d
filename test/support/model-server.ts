import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** One call of a model, as its server saw it. */
export interface ModelCall {
  readonly authorization: string | undefined;
  readonly body: { readonly model: string; readonly temperature?: number; readonly max_tokens?: number; readonly messages: readonly { role: string; content: string }[] };
}

/** A server of the OpenAI-compatible protocol that answers "ok" and remembers what it was asked. */
export class ModelServer {
  readonly calls: ModelCall[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void readText(request).then((text) => {
        this.calls.push({ authorization: request.headers.authorization, body: JSON.parse(text) as ModelCall['body'] });
        const chunk = { id: 'chat-1', object: 'chat.completion.chunk', created: 1, model: 'tiny', choices: [{ index: 0, delta: { content: 'ok' }, finish_reason: 'stop' }] };
        const usage = { ...chunk, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${JSON.stringify(chunk)}\n\ndata: ${JSON.stringify(usage)}\n\ndata: [DONE]\n\n`);
      });
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

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
