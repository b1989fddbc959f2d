import { type Socket, connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';

/** A TCP server in front of another, whose connections a test can cut, refuse or black-hole. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private frozen = new WeakSet<Socket>();
  private mode: 'pass' | 'refuse' | 'swallow' = 'pass';
  /** Sees what passes from a client, connection by connection. */
  onClientData: (bytes: Buffer, client: Socket) => void = () => undefined;

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

  /** Cuts every connection and refuses new ones: the server is down. */
  refuse(): void {
    this.mode = 'refuse';
    this.cut();
  }

  /** Connections stay open, but nothing passes any more: the server hangs. */
  swallow(): void {
    this.mode = 'swallow';
  }

  /** The connections that there are die without a word, as behind a firewall that forgot them; new ones pass. */
  freeze(): void {
    this.frozen = new WeakSet(this.sockets);
  }

  /** The server is back; what was swallowed is lost with its connection. */
  pass(): void {
    if (this.mode === 'swallow') this.cut();
    this.mode = 'pass';
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket, targetPort: number): void {
    if (this.mode === 'refuse') {
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    this.join(client, target, (bytes) => {
      this.onClientData(bytes, client);
    });
    this.join(target, client);
  }

  private join(from: Socket, to: Socket, see: (bytes: Buffer) => void = () => undefined): void {
    this.sockets.add(from);
    from.on('data', (bytes) => {
      if (this.mode !== 'pass' || this.frozen.has(from)) return;
      see(bytes);
      to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
