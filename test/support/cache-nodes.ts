import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type CacheEngine, createCacheEngine } from '../../src/shared/cache/cache-engine.js';
import { CacheSettings } from '../../src/shared/config/index.js';
import { redisUrl } from './services.js';
import { waitFor } from './wait-for.js';

/** Of this test: one that its test does not stop must not outlive it. */
const running = new Set<CacheEngine>();
afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop()));
  running.clear();
});

/** A cache engine with its own connections, as another process would have, that has not started. A busy machine is no outage: its deadline is long. */
export function createNode(url: string, settings: Partial<CacheSettings> = {}): CacheEngine {
  const node = createCacheEngine(Object.assign(new CacheSettings(), { deadlineMs: 5_000, busBeatMs: 300, ...settings }), url);
  running.add(node);
  return node;
}

export async function startNode(url: string, settings: Partial<CacheSettings> = {}): Promise<CacheEngine> {
  const node = createNode(url, settings);
  node.start();
  await isWell(node);
  return node;
}

/** Resolves when Redis answers this node and it hears every invalidation. */
export async function isWell(node: CacheEngine): Promise<void> {
  await waitFor('the cache to be well', () => node.state().breaker === 'closed' && node.state().isBusSound);
}

/** A loader's source of truth: one version, which only grows. */
export class Row {
  version = 1;
  loads = 0;

  readonly load = async (): Promise<number> => {
    this.loads++;
    return this.version;
  };
}

/** A time that a test puts forward; it goes on by itself, too. */
export class Clock {
  private aheadMs = 0;
  readonly now = (): number => performance.now() + this.aheadMs;

  pass(ms: number): void {
    this.aheadMs += ms;
  }
}

/** Engines on one Redis, each a process of its own as far as the cache is concerned. */
export class CacheNodes {
  private readonly engines: CacheEngine[] = [];

  constructor(private readonly url = redisUrl) {}

  /** A node that is connected and hears the bus. */
  async open(settings: Partial<CacheSettings> = {}, clock = new Clock()): Promise<CacheEngine> {
    const engine = createCacheEngine(Object.assign(new CacheSettings(), { deadlineMs: 5_000, softDeadlineMs: 5_000, busBeatMs: 5_000, lockWaitMs: 5_000 }, settings), this.url, clock.now);
    this.engines.push(engine);
    engine.start();
    await waitFor('the node', () => engine.state().breaker === 'closed' && engine.state().isBusSound);
    return engine;
  }

  async close(): Promise<void> {
    await Promise.all(this.engines.splice(0).map((engine) => engine.stop()));
  }
}

/** A tenant of one test: the bus is one for all databases of a Redis, so other test files are heard. */
export function newTenant(): string {
  return `t-${randomBytes(6).toString('hex')}`;
}

/** A loader that counts, and that ends when the test says so. */
export class HeldLoader<T> {
  calls = 0;
  private readonly waiting: PromiseWithResolvers<T>[] = [];

  readonly load = (): Promise<T> => {
    this.calls++;
    const call = Promise.withResolvers<T>();
    this.waiting.push(call);
    return call.promise;
  };

  /** Resolves when it has been called that often. */
  async called(times = 1): Promise<void> {
    await waitFor(`load ${String(times)}`, () => this.calls >= times);
  }

  /** Ends the oldest call. */
  end(value: T): void {
    this.waiting.shift()?.resolve(value);
  }

  fail(error: unknown): void {
    this.waiting.shift()?.reject(error);
  }
}

/**
 * What this Redis database was asked between the start and the end, one array of words a command; those of scripts begin with `lua`.
 * On a plain socket: ioredis takes what others send at the same moment for the answer to MONITOR.
 */
export async function monitored(redis: Redis, work: () => Promise<unknown>): Promise<string[][]> {
  const socket = connect(redis.options.port ?? 6_379, redis.options.host);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.write('MONITOR\r\n');
  await waitFor('the monitor', () => text.startsWith('+OK'));
  const end = randomBytes(6).toString('hex');
  await work();
  await redis.echo(end);
  await waitFor('the end of the commands', () => text.includes(end));
  socket.destroy();
  const form = new RegExp(`^\\+[\\d.]+ \\[${String(redis.options.db)} (\\S+)\\] (.*)$`);
  return text.split('\r\n').flatMap((line) => {
    const [, source, rest = ''] = form.exec(line) ?? [];
    const words = Array.from(rest.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, word = '']) => word);
    return source === undefined || words.includes(end) ? [] : [source === 'lua' ? ['lua', ...words] : words];
  });
}
