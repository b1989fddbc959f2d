import type { MessageRole } from '../../src/contracts/index.js';
import { messageChecksum } from '../../src/modules/conversations/message-checksum.js';

/** A message as somebody reads it. */
export interface Seen {
  readonly seq: number;
  readonly messageId: string;
  readonly role: MessageRole;
  readonly content: string;
}

/** A message as its writer sent it; `seq` as the server has acknowledged it. */
export interface Acknowledged extends Seen {
  readonly writer: string;
}

/** A row of the ledger. */
export interface LedgerRow {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly messageCount: number;
  readonly checksum: string;
  readonly outcome: string;
}

/** All that is known of a conversation once everything is over. */
export interface Record {
  /** In the order in which they were acknowledged. */
  readonly acknowledged: readonly Acknowledged[];
  /** The merged history, as it is read. */
  readonly history: readonly Seen[];
  /** What PostgreSQL has. */
  readonly archived: readonly Seen[];
  readonly ledger: readonly LedgerRow[];
}

/** Whatever is wrong with a conversation, one sentence each: none when every acknowledged message is there exactly once, in order, and archived as the ledger says. */
export function violationsOf({ acknowledged, history, archived, ledger }: Record): string[] {
  return [...acknowledgedViolations(acknowledged, history), ...orderViolations(acknowledged), ...density(history), ...archiveViolations(history, archived), ...ledgerViolations(archived, ledger)];
}

/** Messages of an unknown id are none: what was sent and not acknowledged may be there. */
function acknowledgedViolations(acknowledged: readonly Acknowledged[], history: readonly Seen[]): string[] {
  const places = Map.groupBy(history, ({ messageId }) => messageId);
  const found: string[] = [];
  for (const [messageId, at] of places) if (at.length > 1) found.push(`doubled: ${messageId} at ${at.map(({ seq }) => seq).join(', ')}`);
  for (const { messageId, seq, role, content } of acknowledged) {
    const there = places.get(messageId)?.[0];
    if (!there) found.push(`lost: ${messageId}, acknowledged as ${String(seq)}`);
    else if (there.role !== role || there.content !== content) found.push(`altered: ${messageId}`);
    else if (there.seq !== seq) found.push(`displaced: ${messageId}, acknowledged as ${String(seq)}, is ${String(there.seq)}`);
  }
  return found;
}

/** Each writer sends a message once the one before is acknowledged. */
function orderViolations(acknowledged: readonly Acknowledged[]): string[] {
  const found: string[] = [];
  const newest = new Map<string, Acknowledged>();
  for (const message of acknowledged) {
    const before = newest.get(message.writer);
    if (before && before.seq >= message.seq) found.push(`reordered: ${message.messageId} as ${String(message.seq)} after ${before.messageId} as ${String(before.seq)}`);
    newest.set(message.writer, message);
  }
  return found;
}

function density(history: readonly Seen[]): string[] {
  const wrong = history.find(({ seq }, i) => seq !== i + 1);
  return wrong ? [`gap: ${wrong.messageId} as ${String(wrong.seq)} is at place ${String(history.indexOf(wrong) + 1)}`] : [];
}

function archiveViolations(history: readonly Seen[], archived: readonly Seen[]): string[] {
  return messageChecksum(history) === messageChecksum(archived) ? [] : [`archive: ${String(archived.length)} messages in PostgreSQL are not the ${String(history.length)} that are read`];
}

/** The verified ranges are the archive: each message in one of them, each checksum that of its messages. */
function ledgerViolations(archived: readonly Seen[], ledger: readonly LedgerRow[]): string[] {
  const failed = ledger.filter(({ outcome }) => outcome !== 'verified').map(({ fromSeq, toSeq }) => `ledger: ${String(fromSeq)}–${String(toSeq)} failed`);
  const found: string[] = [];
  let covered = 0;
  for (const { fromSeq, toSeq, messageCount, checksum } of ledger.filter(({ outcome }) => outcome === 'verified').sort((a, b) => a.fromSeq - b.fromSeq)) {
    const name = `${String(fromSeq)}–${String(toSeq)}`;
    if (fromSeq !== covered + 1) found.push(`ledger: ${name} follows ${String(covered)}`);
    if (messageCount !== toSeq - fromSeq + 1) found.push(`ledger: ${name} says ${String(messageCount)} messages`);
    if (checksum !== messageChecksum(archived.filter(({ seq }) => seq >= fromSeq && seq <= toSeq))) found.push(`ledger: ${name} has another checksum`);
    covered = toSeq;
  }
  const newest = archived.at(-1)?.seq ?? 0;
  if (covered !== newest) found.push(`ledger: it ends at ${String(covered)} of ${String(newest)}`);
  return [...failed, ...found];
}
