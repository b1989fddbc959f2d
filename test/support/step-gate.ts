import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';

/** Where a client is stopped for good. */
export interface StopAt {
  /** The client says one of these. */
  readonly says: readonly string[];
  /** For the how-manieth time, from 1. */
  readonly occurrence: number;
  /** `before`: the server never hears it. `after`: the server has done it, and the client never hears so. */
  readonly side: 'before' | 'after';
}

/** A TCP server in front of another, for one client, which is stopped at one thing that it says: from then on nothing passes, until it is gone. */
export class StepGate {
  hasStopped = false;
  private times = 0;
  private isAnswerDue = false;

  private constructor(
    private readonly server: Server,
    private readonly stop: StopAt | null,
    private readonly heard: string[],
  ) {}

  /** @param heard gets everything that the client says, what comes at once in one piece */
  static async inFrontOf(targetPort: number, { stop, heard }: { readonly stop: StopAt | null; readonly heard: string[] }): Promise<StepGate> {
    const gate = new StepGate(createServer(), stop, heard);
    gate.server.listen(0, '127.0.0.1');
    await once(gate.server, 'listening');
    gate.server.on('connection', (client) => {
      gate.join(client, connect(targetPort, '127.0.0.1'));
    });
    return gate;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** Once its client is gone. */
  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, target: Socket): void {
    client.on('data', (bytes) => {
      this.hear(bytes.toString('latin1'));
      if (!this.hasStopped) target.write(bytes);
    });
    target.on('data', (bytes) => {
      if (this.isAnswerDue) this.hasStopped = true;
      if (!this.hasStopped) client.write(bytes);
    });
    for (const [from, to] of [[client, target], [target, client]] as const) {
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
    }
  }

  private hear(text: string): void {
    this.heard.push(text);
    if (!this.stop || this.hasStopped || !this.stop.says.some((known) => text.includes(known))) return;
    this.times++;
    if (this.times !== this.stop.occurrence) return;
    if (this.stop.side === 'before') this.hasStopped = true;
    else this.isAnswerDue = true;
  }
}
