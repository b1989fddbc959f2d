import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheConnection } from '../l2/cache-connection.js';
import { BusStamp, parseBusMessage } from './bus-message.js';
import { type BusListener, InvalidationBus } from './invalidation-bus.js';

let heard: string[];
const listener: BusListener = {
  entry: (tenant, name) => void heard.push(`entry ${tenant} ${name}`),
  scope: (tenant, scope) => void heard.push(`scope ${tenant} ${scope}`),
  all: () => void heard.push('all'),
};
const own = new BusStamp('nb:cache:bus:0');
const unconnected = { on: () => undefined } as unknown as CacheConnection;
let bus: InvalidationBus;
let beats: number;
beforeEach(() => {
  [heard, beats] = [[], 0];
  bus = new InvalidationBus(unconnected, own, 1_000, async () => void beats++, listener);
});

describe('a message', () => {
  it('says which node, which number, and what is void', () => {
    const stamp = new BusStamp('nb:cache:bus:0');
    expect(parseBusMessage(stamp.next('entry', 'acme', 'agent_config:(a:b)'))).toEqual({ node: stamp.node, seq: 1, kind: 'entry', tenant: 'acme', name: 'agent_config:(a:b)' });
    expect(parseBusMessage(stamp.next('scope', '=abc', 't'))).toEqual({ node: stamp.node, seq: 2, kind: 'scope', tenant: '=abc', name: 't' });
    expect(parseBusMessage(stamp.beat())).toMatchObject({ seq: 2, kind: 'beat' });
  });

  it('of a node is told from those of any other', () => {
    expect(new Set(Array.from({ length: 100 }, () => new BusStamp('nb:cache:bus:0').node)).size).toBe(100);
  });

  it.each(['', '1', 'x', '0 0123456789abcdef 1 entry a b', '2 0123456789abcdef 1 entry a b', '1 0123456789abcde 1 entry a b', '1 0123456789abcdef -1 entry a b', '1 0123456789abcdef 1 flush a b', '1 0123456789abcdef 1 entry a', '1 0123456789abcdef 1 entry a b c', '1 0123456789abcdef 1 entry  b', '1 0123456789abcdef 1 entry a b\n', '{"node":"0123456789abcdef"}'])(
    'of another form is none: %j',
    (text) => {
      expect(parseBusMessage(text)).toBeUndefined();
    },
  );
});

describe('the bus', () => {
  const other = new BusStamp('nb:cache:bus:0');

  it('passes on what another process says', () => {
    bus.receive(other.next('entry', 'acme', 'x:1'));
    bus.receive(other.next('scope', 'acme', 'a:1'));
    bus.receive(other.beat());
    expect(heard).toEqual(['entry acme x:1', 'scope acme a:1']);
  });

  it('passes on nothing of its own, and answers no message with one', () => {
    bus.receive(own.next('entry', 'acme', 'x:1'));
    bus.receive(own.beat());
    bus.receive(other.next('entry', 'acme', 'x:1'));
    expect([heard, beats]).toEqual([['entry acme x:1'], 0]);
  });

  it('believes nothing any more when a message was lost, as the next one or the next sign of life shows', () => {
    const stamp = new BusStamp('nb:cache:bus:0');
    bus.receive(stamp.next('entry', 'acme', 'x:1'));
    stamp.next('entry', 'acme', 'lost');
    bus.receive(stamp.next('entry', 'acme', 'x:3'));
    expect(heard).toEqual(['entry acme x:1', 'all', 'entry acme x:3']);
    stamp.next('entry', 'acme', 'lost');
    bus.receive(stamp.beat());
    bus.receive(stamp.beat());
    expect(heard.slice(3)).toEqual(['all']);
  });

  it('numbers every process by itself', () => {
    const [one, two] = [new BusStamp('nb:cache:bus:0'), new BusStamp('nb:cache:bus:0')];
    for (let round = 0; round < 3; round++) bus.receive(one.next('entry', 'acme', 'x'));
    bus.receive(two.next('entry', 'acme', 'y'));
    bus.receive(one.beat());
    expect(heard).toEqual(['entry acme x', 'entry acme x', 'entry acme x', 'entry acme y']);
  });

  it('is not changed by 10 000 random, cut and foreign messages', () => {
    const valid = new BusStamp('nb:cache:bus:0').next('entry', 'acme', 'agent_config:1');
    for (let round = 0; round < 10_000; round++) {
      const text = randomBytes(round % 200).toString(round % 2 === 0 ? 'latin1' : 'base64');
      bus.receive([text, valid.slice(0, round % (valid.indexOf(' agent_config') + 2)), `${String(2 + (round % 7))}${valid.slice(1)}`, JSON.stringify({ kind: 'all', text })][round % 4]!);
    }
    expect([heard, bus.isSound, beats]).toEqual([[], false, 0]);
  });
});
