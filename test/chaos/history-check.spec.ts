import { describe, expect, it } from '@jest/globals';
import { messageChecksum } from '../../src/modules/conversations/message-checksum.js';
import { numbers } from '../support/hot-store.js';
import { type Acknowledged, type LedgerRow, type Record, type Seen, violationsOf } from './history-check.js';

/** Two writers take turns; six messages, moved in two ranges. */
const messages: Acknowledged[] = numbers(1, 6).map((seq) => ({ seq, messageId: `m${String(seq)}`, role: 'user', content: `said ${String(seq)}`, writer: seq % 2 === 0 ? 'even' : 'odd' }));
const range = (fromSeq: number, toSeq: number, of: readonly Seen[] = messages): LedgerRow => ({
  ...{ fromSeq, toSeq, messageCount: toSeq - fromSeq + 1, outcome: 'verified' },
  checksum: messageChecksum(of.filter(({ seq }) => seq >= fromSeq && seq <= toSeq)),
});
const whole: Record = { acknowledged: messages, history: messages, archived: messages, ledger: [range(1, 4), range(5, 6)] };

/** The same in both stores, with a ledger that fits. */
const stored = (history: readonly Seen[], acknowledged: readonly Acknowledged[] = messages): Record => ({ acknowledged, history, archived: history, ledger: [range(1, history.length, history)] });
const renumbered = (all: readonly Seen[]): Seen[] => all.map((message, i) => ({ ...message, seq: i + 1 }));
const changedAt = (place: number, message: Partial<Seen>): Seen[] => messages.map((given, i) => (i === place ? { ...given, ...message } : given));

describe('the check of a history', () => {
  it('finds nothing where nothing is wrong, in whatever order the ledger was written', () => {
    expect(violationsOf(whole)).toEqual([]);
    expect(violationsOf({ ...whole, ledger: whole.ledger.toReversed() })).toEqual([]);
    expect(violationsOf({ acknowledged: [], history: [], archived: [], ledger: [] })).toEqual([]);
  });

  it('allows a message that was sent and never acknowledged', () => {
    expect(violationsOf(stored(messages, messages.slice(0, 5)))).toEqual([]);
  });

  it.each<[string, Record, string[]]>([
    ['a lost message', stored(messages.slice(0, 5)), ['lost: m6, acknowledged as 6']],
    ['a lost message whose place another has', stored(renumbered(messages.slice(1))), ['lost: m1, acknowledged as 1', 'displaced: m2, acknowledged as 2, is 1', 'displaced: m3', 'displaced: m4', 'displaced: m5', 'displaced: m6']],
    ['a doubled message', stored([...messages, { ...messages[0]!, seq: 7 }]), ['doubled: m1 at 1, 7']],
    ['reordered messages', stored(renumbered([messages[1]!, messages[0]!, ...messages.slice(2)])), ['displaced: m1, acknowledged as 1, is 2', 'displaced: m2']],
    ['a writer whose later message came before', stored(messages, [messages[2]!, messages[1]!, messages[0]!]), ['reordered: m1 as 1 after m3 as 3']],
    ['two acknowledgements of one place', stored(messages, [messages[0]!, { ...messages[0]!, messageId: 'other' }]), ['lost: other', 'reordered: other as 1 after m1 as 1']],
    ['altered content', stored(changedAt(2, { content: 'never said' })), ['altered: m3']],
    ['an altered role', stored(changedAt(2, { role: 'assistant' })), ['altered: m3']],
    ['a gap', stored(messages.filter(({ seq }) => seq !== 3), messages.filter(({ seq }) => seq !== 3)), ['gap: m4 as 4 is at place 3', 'ledger: it ends at 5 of 6']],
    ['a history that is not the archive', { ...whole, archived: messages.slice(0, 5), ledger: [range(1, 5)] }, ['archive: 5 messages in PostgreSQL are not the 6']],
    ['a ledger that ends too early', { ...whole, ledger: [range(1, 4)] }, ['ledger: it ends at 4 of 6']],
    ['a ledger with a hole', { ...whole, ledger: [range(1, 2), range(4, 6)] }, ['ledger: 4–6 follows 2']],
    ['ranges that overlap', { ...whole, ledger: [range(1, 4), range(4, 6)] }, ['ledger: 4–6 follows 4']],
    ['a range twice', { ...whole, ledger: [range(1, 6), range(1, 6)] }, ['ledger: 1–6 follows 6']],
    ['another checksum', { ...whole, ledger: [range(1, 6, changedAt(0, { content: 'x' }))] }, ['ledger: 1–6 has another checksum']],
    ['another count', { ...whole, ledger: [{ ...range(1, 6), messageCount: 5 }] }, ['ledger: 1–6 says 5 messages']],
    ['a move that failed', { ...whole, ledger: [...whole.ledger, { ...range(5, 6), outcome: 'failed' }] }, ['ledger: 5–6 failed']],
    ['no ledger at all', { ...whole, ledger: [] }, ['ledger: it ends at 0 of 6']],
  ])('finds %s', (_, record, expected) => {
    const found = violationsOf(record);
    expect(found.map((sentence, i) => sentence.startsWith(expected[i] ?? 'nothing') || sentence)).toEqual(expected.map(() => true));
  });
});
