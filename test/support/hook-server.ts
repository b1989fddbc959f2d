import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** One request, as its receiver saw it. */
export interface HookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** @param calls so far on this path, this one included */
export type HookScript = (response: ServerResponse, calls: number) => void;

/** A receiver of HTTP requests that remembers them and answers as each path's script says, otherwise 204. */
export class HookServer {
  readonly calls: HookCall[] = [];
  private readonly scripts = new Map<string, HookScript>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void readText(request).then((body) => {
        const { method = '', url: path = '', headers } = request;
        this.calls.push({ method, path, headers, body });
        const script = this.scripts.get(path);
        if (script) script(response, this.at(path).length);
        else response.writeHead(204).end();
      });
    });
  }

  static async start(): Promise<HookServer> {
    const server = createServer().listen(0);
    await once(server, 'listening');
    return new HookServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The URL of a path, whose requests are answered so. */
  on(path: string, script?: HookScript): string {
    if (script) this.scripts.set(path, script);
    return `http://127.0.0.1:${this.port}${path}`;
  }

  at(path: string): HookCall[] {
    return this.calls.filter((call) => call.path === path);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
