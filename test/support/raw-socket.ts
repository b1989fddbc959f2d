import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { waitFor } from './wait-for.js';

/** A TCP client that says what it wants, as slowly as it wants. */
export class RawSocket {
  /** Everything that came back. */
  heard = '';
  isClosed = false;
  private dripping: NodeJS.Timeout | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => (this.heard += bytes.toString('latin1')));
    socket.on('close', () => {
      this.isClosed = true;
      clearInterval(this.dripping);
    });
    socket.on('error', () => undefined);
  }

  static async connect(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  say(text: string): void {
    this.socket.write(text);
  }

  /** Says this again and again, until the connection is closed. */
  drip(text: string, everyMs: number): void {
    this.dripping = setInterval(() => this.socket.write(text), everyMs);
  }

  async closed(): Promise<string> {
    await waitFor(`the connection to be closed; it heard ${this.heard.slice(0, 200)}`, () => this.isClosed);
    return this.heard;
  }

  /** Status and JSON body of the only answer. */
  answer(): { status: number; headers: string; body: Record<string, unknown> } {
    const [headers = '', body = ''] = this.heard.split('\r\n\r\n', 2);
    return { status: Number(headers.split(' ')[1]), headers, body: JSON.parse(body) as Record<string, unknown> };
  }

  end(): void {
    clearInterval(this.dripping);
    this.socket.destroy();
  }
}
