import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandOptions } from '@redis/client';
import { keys } from '../../redis/index.js';
import type { EntryAddress } from '../entry/cache-key.js';
import type { PackedEntry } from '../entry/entry-text.js';
import type { BusStamp } from '../bus/bus-message.js';
import type { Breaker } from './breaker.js';
import type { CacheConnection } from './cache-connection.js';
import { LATE, within } from './deadline.js';
import type { IndexSpec, Invalidation } from './invalidation.js';

/** A new generation lasts this long, and twice the lease of its loader at the least; the entry written under it prolongs it. Milliseconds. */
const NEW_GENERATION_MS = 60_000;

/** Deadline of a batch of invalidations that were held back, milliseconds: nobody waits for them, and a batch given up is told once more. */
const REPLAY_MS = 1_000;

/** What reading an entry came to. */
export interface L2Read {
  /** `fresh`: here it is. `none`: there is none. `lease`: there is none and the caller is to load it. `taken`: somebody else does. */
  readonly state: 'fresh' | 'none' | 'lease' | 'taken';
  /** PTTL: until the end of the grace; -1 is without end. */
  readonly leftMs: number;
  /** An entry that is not fresh may still stand in for a while. */
  readonly bytes: Buffer | undefined;
  /** With the lease: the generations that the entry is to be stored under, in the order of the scopes. */
  readonly generations: readonly string[];
}

/** How an entry is read. */
export interface ReadRequest {
  /** '' takes no lease. */
  readonly token: string;
  readonly leaseMs: number;
  /** An entry with more than this left, its grace not counted, is fresh. Undefined: none is, and the caller's load takes the place of one under way. */
  readonly freshMs: number | undefined;
  readonly scopes: readonly string[];
  readonly deadlineMs: number;
}

/** What is written, and under which scopes. */
export interface WriteRequest {
  readonly address: EntryAddress;
  readonly entry: PackedEntry;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly scopes: readonly string[];
  /** Names of the indexes that count the entry. */
  readonly indexes: readonly string[];
}

/** The second level. Every method answers undefined when Redis does not, at the latest after the deadline, and never rejects. */
export class L2Store {
  constructor(
    private readonly connection: CacheConnection,
    private readonly breaker: Breaker,
    private readonly stamp: BusStamp,
    private readonly deadlineMs: number,
  ) {}

  async read({ tenant, name, key }: EntryAddress, { token, leaseMs, freshMs, scopes, deadlineMs }: ReadRequest): Promise<L2Read | undefined> {
    const args = [keys.cacheGeneration(tenant, ''), token, leaseMs, Math.max(NEW_GENERATION_MS, 2 * leaseMs), freshMs === undefined ? '' : Math.ceil(freshMs), ...scopes];
    const answer = await this.guarded(() => this.script('read', [key, keys.cacheLease(tenant, name)], args), deadlineMs, false);
    if (answer === undefined) return undefined;
    const [state, leftMs, bytes, ...generations] = answer as [Buffer, number, Buffer | null, ...Buffer[]];
    return { state: state.toString() as L2Read['state'], leftMs, bytes: bytes ?? undefined, generations: generations.map(String) };
  }

  /** @returns false when the lease was lost or a scope was invalidated: nothing was written */
  async store(request: WriteRequest, token: string, generations: readonly string[]): Promise<boolean | undefined> {
    const { tenant, name, key } = request.address;
    const args = [keys.cacheGeneration(tenant, ''), token, writeJson(request, generations), request.entry.head, request.entry.body];
    const stored = await this.guarded(() => this.script('store', [key, keys.cacheLease(tenant, name)], args), this.deadlineMs, false);
    return stored === undefined ? undefined : stored === 1;
  }

  /** @returns the generations it was written under */
  async put(request: WriteRequest, word: string): Promise<string[] | undefined> {
    const { tenant, name, key } = request.address;
    const args = [keys.cacheGeneration(tenant, ''), word, writeJson(request, []), request.entry.head, request.entry.body, NEW_GENERATION_MS, this.stamp.channel];
    const send = (): Promise<unknown> => this.script('put', [key, keys.cacheLease(tenant, name)], [...args, this.stamp.next('entry', tenant, name)]);
    const ids = await this.guarded(send, this.deadlineMs, true);
    return (ids as Buffer[] | undefined)?.map(String);
  }

  /** @returns whether there was one */
  async remove({ tenant, name, key }: EntryAddress): Promise<boolean | undefined> {
    const count = await this.guarded(() => this.sendRemoval(tenant, name, key), this.deadlineMs, true);
    return count === undefined ? undefined : count === 1;
  }

  /** @returns the count of each index */
  async invalidate(tenant: string, scopes: readonly string[], indexes: readonly IndexSpec[]): Promise<number[] | undefined> {
    return (await this.guarded(() => this.sendInvalidation(tenant, scopes, indexes), this.deadlineMs, true)) as number[] | undefined;
  }

  async release({ tenant, name }: EntryAddress, token: string): Promise<void> {
    await this.guarded(() => this.script('release', [keys.cacheLease(tenant, name)], [token]), this.deadlineMs, false);
  }

  /** Lets an entry live its whole time again. @returns whether there is one */
  async touch({ tenant, key }: EntryAddress): Promise<boolean | undefined> {
    const touched = await this.guarded(() => this.script('touch', [key], [keys.cacheGeneration(tenant, '')]), this.deadlineMs, false);
    return touched === undefined ? undefined : touched === 1;
  }

  /** Names of the indexes that have live entries of this tenant. */
  async indexes(tenant: string): Promise<string[] | undefined> {
    const names = await this.guarded(() => this.connection.client.zRangeByScore(keys.cacheIndex(tenant, 't'), `(${String(Date.now())}`, '+inf'), this.deadlineMs, false);
    return names as string[] | undefined;
  }

  /** Tells every process that this one lives. */
  async beat(): Promise<void> {
    await this.guarded(() => this.connection.client.publish(this.stamp.channel, this.stamp.beat()), this.deadlineMs, false);
  }

  /** Past the breaker: does Redis answer? Then it knows the scripts: one that was sent twice would be overtaken by what was sent after it. */
  async ping(): Promise<boolean> {
    return this.answers(() => Promise.all(Object.values(SCRIPTS).map(({ text }) => this.connection.client.scriptLoad(text))), this.deadlineMs);
  }

  /** Past the breaker: what could not be said before. @returns whether all of it was */
  async replay(invalidations: readonly Invalidation[]): Promise<boolean> {
    const send = ({ kind, tenant, name, indexes = [] }: Invalidation): Promise<unknown> =>
      kind === 'scope' ? this.sendInvalidation(tenant, [name], indexes) : this.sendRemoval(tenant, name, keys.cacheEntry(tenant, name));
    return this.answers(() => Promise.all(invalidations.map(send)), Math.max(REPLAY_MS, this.deadlineMs));
  }

  private async answers(send: () => Promise<unknown>, deadlineMs: number): Promise<boolean> {
    if (!this.connection.isReady) return false;
    try {
      return (await within(deadlineMs, send())) !== LATE;
    } catch {
      return false;
    }
  }

  /** @param isInvalidation its loss opens the breaker: until Redis has been told, its entries are not to be believed */
  private async guarded(send: () => Promise<unknown>, deadlineMs: number, isInvalidation: boolean): Promise<unknown> {
    if (this.breaker.isOpen) return undefined;
    if (!this.connection.isReady) {
      this.breaker.open();
      return undefined;
    }
    try {
      const answer = await within(deadlineMs, send());
      if (answer !== LATE) {
        this.breaker.succeeded();
        return answer;
      }
      // Late where an older value stands in is not yet silent.
      this.breaker.failed(isInvalidation || deadlineMs >= this.deadlineMs);
    } catch {
      this.breaker.failed(isInvalidation);
    }
    return undefined;
  }

  private sendRemoval(tenant: string, name: string, key: string): Promise<unknown> {
    const message = this.stamp.next('entry', tenant, name);
    const type = name.slice(0, name.indexOf(':'));
    return this.script('remove', [key, keys.cacheLease(tenant, name)], [keys.cacheGeneration(tenant, ''), this.stamp.channel, message, keys.cacheIndex(tenant, ''), name, type]);
  }

  private sendInvalidation(tenant: string, scopes: readonly string[], indexes: readonly IndexSpec[]): Promise<unknown> {
    const messages = scopes.map((scope) => this.stamp.next('scope', tenant, scope));
    const generations = scopes.map((scope) => keys.cacheGeneration(tenant, scope));
    return this.script('invalidate', generations, [this.stamp.channel, keys.cacheIndex(tenant, ''), JSON.stringify(indexes), keys.cacheGeneration(tenant, ''), keys.cacheEntry(tenant, ''), ...messages]);
  }

  private async script(name: ScriptName, scriptKeys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown> {
    const rest = [String(scriptKeys.length), ...scriptKeys, ...args.map((arg) => (Buffer.isBuffer(arg) ? arg : String(arg)))];
    const { text, sha } = SCRIPTS[name];
    try {
      return await this.connection.client.sendCommand(['EVALSHA', sha, ...rest], BUFFERS);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return this.connection.client.sendCommand(['EVAL', text, ...rest], BUFFERS);
    }
  }
}

const BUFFERS = commandOptions({ returnBuffers: true });

type ScriptName = 'read' | 'store' | 'put' | 'remove' | 'invalidate' | 'release' | 'touch';

function load(name: string): { readonly text: string; readonly sha: string } {
  const [functions, body] = ['functions', name].map((file) => readFileSync(fileURLToPath(new URL(`${file}.lua`, import.meta.url)), 'utf8'));
  const text = `${functions ?? ''}\n${body ?? ''}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

const SCRIPTS: Readonly<Record<ScriptName, { readonly text: string; readonly sha: string }>> = {
  read: load('read'),
  store: load('store'),
  put: load('put'),
  remove: load('remove'),
  invalidate: load('invalidate'),
  release: load('release'),
  touch: load('touch'),
};

function writeJson({ address, ttlMs, graceMs, scopes, indexes }: WriteRequest, generations: readonly string[]): string {
  return JSON.stringify({ name: address.name, ttlMs, graceMs, scopes, generations, indexPrefix: keys.cacheIndex(address.tenant, ''), indexes });
}
