import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { Lookup, ReadOptions } from '../../src/shared/cache/tiered-cache.service.js';

type Dice = () => number;
type Read = 'plain' | 'strong' | 'reload' | 'get' | 'strongGet' | 'getMany' | 'peek';
type Write = 'delete' | 'invalidate' | 'set';

const READS: readonly Read[] = ['plain', 'plain', 'plain', 'strong', 'strong', 'reload', 'get', 'strongGet', 'getMany', 'peek'];
const WRITES: readonly Write[] = ['delete', 'invalidate', 'set'];
const STRONG: ReadonlySet<Read> = new Set<Read>(['strong', 'strongGet', 'reload']);
/** Of the steps this part writes. */
const WRITE_SHARE = 0.4;
/** Of the loaders this part fails. */
const FAILURE_SHARE = 0.05;

/**
 * A few readers and writers of one entry at the same time, each step, node and pause by the dice of one seed, against a row of which
 * every version is higher than the one before. It notes each read that returned less than was settled when it began.
 */
export class Interleaving {
  readonly violations: string[] = [];
  private version = 1;
  /** What each node has itself made known: its plain reads return nothing older. */
  private readonly settled: number[];
  /** What any node has made known: a strong read returns nothing older. */
  private known = 1;
  /** Writers under way, and the one of them that sets a value: a row has one writer at a time, and the value set is the row's. */
  private writing = 0;
  private setting: Promise<unknown> | undefined;
  private readonly ref;

  constructor(
    private readonly nodes: readonly CacheEngine[],
    private readonly seed: number,
  ) {
    this.settled = nodes.map(() => 1);
    this.ref = { tenantId: `interleaving-${String(seed)}`, type: 'agent_config', id: 'the one', scope: { agent: 'a' } } as const;
  }

  async run(): Promise<void> {
    const dice = diceOf(this.seed);
    const actors = Array.from({ length: 3 + Math.floor(dice() * 4) }, (_, index) => this.act(diceOf(this.seed * 16 + index + 1)));
    await Promise.all(actors);
    await Promise.all(this.nodes.map(async (_, node) => this.read('strong', node, diceOf(this.seed))));
  }

  /** When nothing is under way any more and every node has heard everything. */
  async expectNewest(): Promise<void> {
    this.settled.fill(this.version);
    await Promise.all(this.nodes.map(async (_, node) => this.read('plain', node, diceOf(this.seed + 1))));
  }

  private async act(dice: Dice): Promise<void> {
    for (let steps = 1 + Math.floor(dice() * 4); steps > 0; steps--) {
      await pause(dice);
      const node = Math.floor(dice() * this.nodes.length);
      if (dice() < WRITE_SHARE) await this.write(pick(WRITES, dice), node);
      else await this.read(pick(READS, dice), node, dice);
    }
  }

  private async read(kind: Read, node: number, dice: Dice): Promise<void> {
    const load = this.loader(dice);
    const floor = Math.max(this.settled[node] ?? 0, STRONG.has(kind) ? this.known : 0);
    const value = await this.ask(kind, node, load);
    if (value !== undefined && value < floor) this.violations.push(`seed ${String(this.seed)}: ${kind} on node ${String(node)} returned ${String(value)} when ${String(floor)} was settled`);
  }

  private async ask(kind: Read, node: number, load: () => Promise<number>): Promise<number | undefined> {
    const { cache } = this.nodes[node]!;
    const orLoad = async (options?: ReadOptions): Promise<number | undefined> => (await cache.getOrLoad(this.ref, load, options).catch(() => NOTHING)).value;
    switch (kind) {
      case 'plain':
        return orLoad();
      case 'strong':
        return orLoad({ consistency: 'strong' });
      case 'reload':
        return orLoad({ isReload: true });
      case 'get':
        return (await cache.get<number>(this.ref)).value;
      case 'strongGet':
        return (await cache.get<number>(this.ref, { consistency: 'strong' })).value;
      case 'getMany':
        return (await cache.getMany<number>(this.ref, [this.ref.id])).get(this.ref.id);
      case 'peek':
        return cache.peek(this.ref);
    }
  }

  private async write(wanted: Write, node: number): Promise<void> {
    while (this.setting) await this.setting;
    // One process keeps the order of its writers; several need the row's lock, of which a deletion has no need.
    const kind = wanted === 'set' && this.nodes.length > 1 && this.writing > 0 ? 'delete' : wanted;
    const version = ++this.version;
    this.writing++;
    const told = this.tell(kind, node, version);
    if (kind === 'set' && this.nodes.length > 1) this.setting = told;
    await told;
    this.setting = undefined;
    this.writing--;
    this.settled[node] = Math.max(this.settled[node] ?? 0, version);
    this.known = Math.max(this.known, version);
  }

  private tell(kind: Write, node: number, version: number): Promise<unknown> {
    const { cache } = this.nodes[node]!;
    if (kind === 'set') return cache.set(this.ref, version);
    return kind === 'delete' ? cache.delete(this.ref) : cache.invalidate(this.ref.tenantId, ['a:a']);
  }

  private loader(dice: Dice): () => Promise<number> {
    const [before, after, isFailing] = [dice(), dice(), dice() < FAILURE_SHARE];
    return async () => {
      await pause(() => before);
      const { version } = this;
      await pause(() => after);
      if (isFailing) throw new Error('the loader failed, as the dice said');
      return version;
    };
  }
}

const NOTHING: Pick<Lookup<number>, 'value'> = { value: undefined };

/** Mulberry32. */
function diceOf(seed: number): Dice {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(from: readonly T[], dice: Dice): T {
  return from[Math.floor(dice() * from.length)]!;
}

/** Nothing, some microtasks, some turns of the event loop, or a few milliseconds. */
async function pause(dice: Dice): Promise<void> {
  const throwOf = dice();
  if (throwOf < 0.25) return;
  if (throwOf < 0.5) for (let count = throwOf * 40; count > 0; count--) await Promise.resolve();
  else if (throwOf < 0.8) for (let count = (throwOf - 0.5) * 20; count > 0; count--) await new Promise(setImmediate);
  else await sleep((throwOf - 0.8) * 20);
}
