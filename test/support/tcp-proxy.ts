import { type Socket, connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';

/** Of what a client has said this much is remembered, to tell the connections apart. Characters. */
const REMEMBERED = 4_096;

/** Both ends of one connection, and what its client has said first. */
interface Link {
  readonly client: Socket;
  readonly target: Socket;
  said: string;
  isFrozen: boolean;
  /** Bytes of answers that may still pass. */
  answerBytes: number;
}

/** A TCP server in front of another, whose connections a test can cut, refuse or black-hole. */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private mode: 'pass' | 'refuse' | 'swallow' | 'mute' = 'pass';
  /** Connections that were refused so far. */
  refused = 0;
  /** Whose client says this is frozen at once. */
  private deadly: string | undefined;
  /** For each new connection: cut when so many bytes of answers have passed, in the middle of a frame if need be. */
  cutsAfter: () => number = () => Infinity;
  /** Sees what passes from a client, connection by connection. */
  onClientData: (bytes: Buffer, client: Socket) => void = () => undefined;
  /** Changes what passes to a client. */
  changeAnswer: (bytes: Buffer) => Buffer = (bytes) => bytes;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async inFrontOf(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => {
      proxy.accept(client, targetPort);
    });
    return proxy;
  }

  /** Connections that there are. @param having only those whose client has said this */
  count(having = ''): number {
    return this.thoseThatSaid(having).length;
  }

  /** Cuts every connection and refuses new ones: the server is down. */
  refuse(): void {
    this.mode = 'refuse';
    this.cut();
  }

  /** Connections stay open, but nothing passes any more: the server hangs. */
  swallow(): void {
    this.mode = 'swallow';
  }

  /** What clients say arrives and is done, but no answer passes any more. */
  mute(): void {
    this.mode = 'mute';
  }

  /**
   * The connections that there are die without a word, as behind a firewall that forgot them; new ones pass.
   *
   * @param having only those whose client has said this
   */
  freeze(having = ''): void {
    for (const link of this.thoseThatSaid(having)) link.isFrozen = true;
  }

  /** From now on a connection dies without a word in the moment its client says this, until the server is back. */
  freezeWhoSays(text: string): void {
    this.deadly = text;
  }

  /** The server is back; what was swallowed is lost with its connection. */
  pass(): void {
    if (this.mode === 'swallow' || this.mode === 'mute') this.cut();
    this.mode = 'pass';
    this.deadly = undefined;
  }

  /** @param having only the connections whose client has said this */
  cut(having = ''): void {
    for (const { client, target } of this.thoseThatSaid(having)) {
      client.destroy();
      target.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket, targetPort: number): void {
    if (this.mode === 'refuse') {
      this.refused++;
      client.destroy();
      return;
    }
    const link = { client, target: connect(targetPort, '127.0.0.1'), said: '', isFrozen: false, answerBytes: this.cutsAfter() };
    this.links.add(link);
    client.on('data', (bytes) => {
      if (link.said.length < REMEMBERED) link.said += bytes.toString('latin1');
      if (this.deadly !== undefined && link.said.includes(this.deadly)) link.isFrozen = true;
      if (this.mode === 'pass' && !link.isFrozen) this.onClientData(bytes, client);
    });
    this.join(link, client, link.target);
    this.join(link, link.target, client);
  }

  private join(link: Link, from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      const passes = this.mode === 'pass' || (this.mode === 'mute' && from === link.client);
      if (!passes || link.isFrozen) return;
      if (from === link.client) to.write(bytes);
      else this.answer(link, this.changeAnswer(bytes));
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.links.delete(link);
      to.destroy();
    });
  }

  private answer(link: Link, bytes: Buffer): void {
    link.client.write(bytes.subarray(0, link.answerBytes));
    link.answerBytes -= bytes.length;
    if (link.answerBytes > 0) return;
    link.client.destroy();
    link.target.destroy();
  }

  private thoseThatSaid(text: string): Link[] {
    return [...this.links].filter(({ said }) => said.includes(text));
  }
}
