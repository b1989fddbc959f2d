import { randomBytes } from 'node:crypto';

/** What a process is told by another: an entry or a scope is void, or only that the other one lives. */
export interface BusMessage {
  readonly node: string;
  /** Invalidations that the node has sent so far; a gap means that some were lost. */
  readonly seq: number;
  readonly kind: 'entry' | 'scope' | 'beat';
  /** Encoded. */
  readonly tenant: string;
  /** Of the entry or the scope, encoded. */
  readonly name: string;
}

const FORMAT = /^1 ([0-9a-f]{16}) (\d{1,15}) (entry|scope|beat) (\S{1,2000}) (\S{1,100000})$/;

/** Numbers the messages of this process. */
export class BusStamp {
  readonly node = randomBytes(8).toString('hex');
  private seq = 0;

  constructor(readonly channel: string) {}

  next(kind: 'entry' | 'scope', tenant: string, name: string): string {
    this.seq++;
    return `1 ${this.node} ${String(this.seq)} ${kind} ${tenant} ${name}`;
  }

  beat(): string {
    return `1 ${this.node} ${String(this.seq)} beat - -`;
  }
}

/** @returns undefined for what is no message of ours */
export function parseBusMessage(text: string): BusMessage | undefined {
  const [, node, seq, kind, tenant, name] = FORMAT.exec(text) ?? [];
  if (node === undefined || tenant === undefined || name === undefined) return undefined;
  return { node, seq: Number(seq), kind: kind as BusMessage['kind'], tenant, name };
}
