import type { Socket } from 'node:net';
import type { TcpProxy } from './tcp-proxy.js';

/** A client's first message, and the answer to a refused TLS request, have no type. */
const TLS_REQUEST = 80_877_103;

/** What one connection has said so far. */
interface Conversation {
  rest: Buffer;
  hasStarted: boolean;
  /** SQL by the name of its prepared statement. */
  readonly prepared: Map<string, string>;
}

/**
 * Reads along what clients tell PostgreSQL through a proxy: every statement that is executed, by its SQL.
 *
 * @source https://www.postgresql.org/docs/current/protocol-message-formats.html (Query, Parse, Bind)
 */
export class SqlCounter {
  /** Since the last {@link clear}. */
  statements: string[] = [];
  private readonly conversations = new WeakMap<Socket, Conversation>();

  constructor(proxy: TcpProxy) {
    proxy.onClientData = (bytes, client) => {
      const known = this.conversations.get(client) ?? { rest: Buffer.alloc(0), hasStarted: false, prepared: new Map<string, string>() };
      this.conversations.set(client, known);
      known.rest = Buffer.concat([known.rest, bytes]);
      while (this.readMessage(known));
    };
  }

  /** Statements that name one of these tables. */
  naming(...tables: readonly string[]): string[] {
    return this.statements.filter((sql) => tables.some((table) => new RegExp(`\\b${table}\\b`).test(sql)));
  }

  clear(): void {
    this.statements = [];
  }

  /** @returns false when the next message is not there yet */
  private readMessage(conversation: Conversation): boolean {
    const { rest, hasStarted } = conversation;
    const head = hasStarted ? 1 : 0;
    if (rest.length < head + 4) return false;
    const end = head + rest.readInt32BE(head);
    if (rest.length < end) return false;
    if (hasStarted) this.note(String.fromCharCode(rest[0] ?? 0), rest.subarray(5, end), conversation.prepared);
    else conversation.hasStarted = rest.readInt32BE(4) !== TLS_REQUEST;
    conversation.rest = rest.subarray(end);
    return true;
  }

  private note(type: string, payload: Buffer, prepared: Map<string, string>): void {
    const [first = '', second = ''] = payload.toString('latin1').split('\0');
    if (type === 'Q') this.statements.push(first);
    else if (type === 'P') prepared.set(first, second);
    else if (type === 'B') this.statements.push(prepared.get(second) ?? '');
  }
}
