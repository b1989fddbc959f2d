import { WebSocket } from 'ws';
import { waitFor } from './wait-for.js';

export interface Frame {
  readonly type: string;
  readonly executionId?: string;
  readonly conversationId?: string;
  readonly sessionId?: string;
  readonly seq?: number;
  readonly data: Record<string, unknown>;
}

/** A WebSocket client that remembers every frame. */
export class TestSocket {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (text: Buffer) => this.frames.push(JSON.parse(text.toString()) as Frame));
    socket.on('close', (code, reason) => (this.closed = { code, reason: String(reason) }));
    socket.on('error', () => undefined);
  }

  static connect(url: string, headers: Record<string, string> = {}): TestSocket {
    return new TestSocket(new WebSocket(url, { headers }));
  }

  static async open(url: string, headers: Record<string, string>): Promise<TestSocket> {
    const socket = TestSocket.connect(url, headers);
    await socket.next('connection.ack');
    return socket;
  }

  send(type: string, data: unknown = {}): void {
    this.socket.send(JSON.stringify({ type, data }));
  }

  /** The first frame of a type, waiting for it. */
  async next(type: string): Promise<Frame> {
    return waitFor(`frame ${type}; there are ${this.frames.map((frame) => frame.type).join(', ')}`, () => this.frames.find((frame) => frame.type === type));
  }

  /** Cuts the connection without a closing handshake. */
  cut(): void {
    this.socket.terminate();
  }
}
