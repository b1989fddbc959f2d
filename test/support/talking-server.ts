import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How an answer is spoken. */
export interface Speech {
  readonly words: number;
  /** Milliseconds between two words. */
  readonly everyMs: number;
}

/** A server of the OpenAI-compatible protocol that answers word by word, and knows how many it talks to. */
export class TalkingServer {
  /** Answers that are being spoken. */
  talking = 0;
  /** The most that were spoken at the same time. */
  most = 0;
  /** Answers whose listener has gone before their end. */
  cutOff = 0;

  private constructor(
    private readonly server: Server,
    private readonly speech: Speech,
  ) {
    server.on('request', (request, response) => {
      request.resume();
      void this.speak(response);
    });
  }

  static async start(speech: Speech): Promise<TalkingServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TalkingServer(server, speech);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/v1`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async speak(response: ServerResponse): Promise<void> {
    this.most = Math.max(this.most, ++this.talking);
    response.once('close', () => {
      this.talking--;
      if (!response.writableFinished) this.cutOff++;
    });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let word = 1; word <= this.speech.words && !response.destroyed; word++) {
      say(response, { index: 0, delta: { content: `word${String(word)} ` }, finish_reason: word === this.speech.words ? 'stop' : null });
      await sleep(this.speech.everyMs);
    }
    response.end('data: [DONE]\n\n');
  }
}

function say(response: ServerResponse, choice: object): void {
  response.write(`data: ${JSON.stringify({ id: 'chat-1', object: 'chat.completion.chunk', created: 1, model: 'tiny', choices: [choice] })}\n\n`);
}
