import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheEntry, DiskBackend, type DiskOptions, JsonFileBackend, MISS, MemoCache, type MemoEvent, SqliteBackend } from '../../src/shared/memo/index.js';

const MAIN = join(import.meta.dirname, '../support/memo-process-main.mjs');
const root = mkdtempSync(join(tmpdir(), 'nooble-memo-'));
const children = new Set<ChildProcess>();
let folder = root;
let events: MemoEvent[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(root, 'cache-'));
  events = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const BACKENDS = {
  json: () => new JsonFileBackend(folder),
  sqlite: () => new SqliteBackend({ file: join(folder, 'cache.db') }),
  disk: () => new DiskBackend({ folder }),
};
const listen = (event: MemoEvent): void => {
  events.push(event);
};

/** Has written something already. */
async function writer(kind: string, name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, kind, folder, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

interface Written {
  readonly name: string;
  readonly i: number;
  readonly text: string;
  readonly noise: number[];
}

/** What is read is what somebody has written, whole. */
function expectWhole(cache: MemoCache): void {
  for (const entry of cache) {
    const { i, text, noise } = entry.output as Written;
    expect([entry.inputs['x'], text.length, noise.length]).toEqual([i % 20, 200_000 - (i % 7), 4_000]);
    expect(text).toBe(text.charAt(0).repeat(text.length));
  }
}

describe.each(Object.entries(BACKENDS))('%s', (kind, make) => {
  it('has no broken entry after its writer was killed in the middle of a write', async () => {
    for (let round = 0; round < 3; round++) {
      await kill(await writer(kind, 'a'));
      const cache = new MemoCache(make(), { onEvent: listen });
      expect(cache.size).toBeGreaterThan(0);
      expectWhole(cache);
      cache.set('f', { x: 99 }, { output: { i: 99, text: '', noise: [] } });
      expect(cache.remove('f', { x: 99 })).toBe(true);
      cache.close();
    }
    expect(events).toEqual([]);
  });

  it('is written by two processes and read by a third', async () => {
    const writers = [await writer(kind, 'a'), await writer(kind, 'b')];
    const cache = new MemoCache(make(), { onEvent: listen });
    const names = new Set<string>();
    for (let round = 0; round < 200 && names.size < 2; round++) {
      for (let x = 0; x < 20; x++) {
        const value = cache.get('f', { x });
        if (value !== MISS) names.add((value as Written).name);
      }
      expectWhole(cache);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await Promise.all(writers.map(kill));
    expect([names, cache.size, events]).toEqual([new Set(['a', 'b']), 20, []]);
    cache.close();
  });
});

describe('JSON files', () => {
  it('are readable, one for each entry, with the number of the original as name', () => {
    const cache = new MemoCache(new JsonFileBackend(folder));
    cache.set('f', { a: 1 }, { output: { at: new Date(0), text: 'é' } });
    expect(readdirSync(folder)).toEqual(['0074399534511870817230990404258576932828.json']);
    expect(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')).toBe(
      ['{', '    "func": "f",', '    "inputs": {', '        "a": 1', '    },', '    "output": {', '        "at": {', '            "__obj_type__": "datetime",', '            "value": "1970-01-01T00:00:00.000Z"', '        },', '        "text": "é"', '    },', '    "metadata": {}', '}'].join('\n'),
    );
  });

  it('that were cut, or edited wrongly, are put aside, and the function runs', () => {
    const cache = new MemoCache(new JsonFileBackend(folder), { onEvent: listen });
    let runs = 0;
    const f = cache.memoize((x: number) => (runs++, { x }), { name: 'f', params: ['x'] });
    for (let x = 0; x < 3; x++) f(x);
    const [first, second] = readdirSync(folder).map((file) => join(folder, file));
    truncateSync(first!, 20);
    writeFileSync(second!, '[]');
    expect([...cache].length).toBe(1);
    for (let x = 0; x < 3; x++) expect(f(x)).toEqual({ x });
    expect([runs, cache.size, existsSync(`${first!}.damaged`), events.map(({ type }) => type)]).toEqual([5, 3, true, ['damaged', 'damaged']]);
    cache.clear();
    expect(readdirSync(folder).every((file) => file.endsWith('.damaged'))).toBe(true);
  });

  it('of another key are no answer', () => {
    const cache = new MemoCache(new JsonFileBackend(folder));
    const [asked, other] = [CacheEntry.fromArgs('f', { x: 1 }), CacheEntry.fromArgs('f', { x: 2 }, { output: 'other' })];
    cache.set(other);
    const path = (entry: CacheEntry): string => join(folder, `${String(entry.key).padStart(40, '0')}.json`);
    writeFileSync(path(asked), readFileSync(path(other)));
    expect(cache.get('f', { x: 1 })).toBe(MISS);
  });

  it('that a killed process has begun are removed later', () => {
    const cache = new MemoCache(new JsonFileBackend(folder));
    cache.set('f', {}, { output: 1 });
    const [name] = readdirSync(folder);
    const begun = ['old', 'new'].map((age) => join(folder, `.${name!.slice(0, 40)}.${age}.tmp`));
    for (const path of begun) writeFileSync(path, '{');
    utimesSync(begun[0]!, 0, 0);
    const again = new MemoCache(new JsonFileBackend(folder));
    expect([begun.map((path) => existsSync(path)), again.size]).toEqual([[false, true], 1]);
  });
});

describe('SQLite', () => {
  it('has a part for each namespace', () => {
    const file = join(folder, 'cache.db');
    const [a, b] = ['a', 'b'].map((namespace) => new MemoCache(new SqliteBackend({ file, namespace }))) as [MemoCache, MemoCache];
    a.set('f', {}, { output: 1 });
    b.set('f', {}, { output: 2 });
    a.clear();
    expect([a.get('f'), b.get('f')]).toEqual([MISS, 2]);
  });

  it('removes what has expired after many writes', () => {
    const backend = new SqliteBackend({ file: ':memory:' });
    const cache = new MemoCache(backend);
    cache.set('f', {}, { output: 1, metadata: { expiresAt: Date.now() - 1 } });
    expect(backend.slots()).toHaveLength(1);
    for (let x = 0; x < 1_000; x++) cache.set('g', { x: x % 2 }, { output: 1 });
    expect(backend.slots()).toHaveLength(2);
  });
});

describe('the disk', () => {
  /** That a compressor cannot make smaller. */
  const noise = (bytes: number): string => Buffer.from(Array.from({ length: bytes * 0.75 }, () => Math.floor(Math.random() * 256))).toString('base64');
  const filesIn = (): string[] => globSync('files/*/*', { cwd: folder });
  const open = (options: Partial<DiskOptions> = {}): { backend: DiskBackend; cache: MemoCache } => {
    const backend = new DiskBackend({ folder, ...options });
    return { backend, cache: new MemoCache(backend, { onEvent: listen }) };
  };

  it('compresses what becomes smaller, and keeps what is large in files', () => {
    const { backend, cache } = open();
    cache.set('small', {}, { output: 'a' });
    cache.set('text', {}, { output: 'word '.repeat(100_000) });
    expect([backend.sizeBytes < 5_000, filesIn()]).toEqual([true, []]);
    cache.set('noise', {}, { output: noise(200_000) });
    expect([filesIn().length, backend.sizeBytes > 100_000]).toEqual([1, true]);
    cache.set('noise', {}, { output: noise(200_000) });
    expect(filesIn()).toHaveLength(1);
    cache.remove('noise');
    expect(filesIn()).toEqual([]);
    cache.clear();
    expect(backend.sizeBytes).toBe(0);
  });

  it('stays near its limit, and lets go of what was stored longest ago', () => {
    const { backend, cache } = open({ sizeLimitBytes: 1_000_000 });
    for (let x = 0; x < 100; x++) cache.set('f', { x }, { output: noise(x % 2 === 0 ? 50_000 : 5_000) });
    expect(backend.sizeBytes).toBeLessThanOrEqual(1_000_000);
    expect(cache.size).toBeGreaterThan(20);
    expect([cache.has('f', { x: 99 }), cache.has('f', { x: 0 })]).toEqual([true, false]);
    expect([...cache].map(({ inputs }) => inputs['x'])).toEqual(Array.from({ length: cache.size }, (_, i) => 100 - cache.size + i));
    expect(filesIn().length).toBeLessThanOrEqual(cache.size);
  });

  it.each([
    ['least-recently-stored', [1, 2, 3]],
    ['least-recently-used', [0, 2, 3]],
    ['least-frequently-used', [0, 2, 3]],
    ['none', [0, 1, 2, 3]],
  ] as const)('chooses what goes: %s', (policy, left) => {
    const { cache } = open({ policy, sizeLimitBytes: 3_500 });
    for (let x = 0; x < 3; x++) cache.set('f', { x }, { output: noise(1_000) });
    for (const x of [0, 1, 2, 0, 2]) cache.get('f', { x });
    cache.set('f', { x: 3 }, { output: noise(1_000) });
    expect([...cache].map(({ inputs }) => inputs['x']).sort()).toEqual(left);
  });

  it('lets go of what has expired before all else', () => {
    const { cache } = open({ sizeLimitBytes: 3_500 });
    for (let x = 0; x < 3; x++) cache.set('f', { x }, { output: noise(1_000), ...(x === 2 && { metadata: { expiresAt: Date.now() - 1 } }) });
    cache.set('f', { x: 3 }, { output: noise(1_000) });
    expect([...cache].map(({ inputs }) => inputs['x']).sort()).toEqual([0, 1, 3]);
  });

  it('takes a file that is gone, or cut, for a miss, and removes those that nobody names', () => {
    const { cache } = open();
    for (let x = 0; x < 2; x++) cache.set('f', { x }, { output: noise(200_000) });
    const [gone, cut] = filesIn().map((name) => join(folder, name));
    rmSync(gone!);
    truncateSync(cut!, 100);
    expect([cache.get('f', { x: 0 }), cache.get('f', { x: 1 }), events.map(({ type }) => type)]).toEqual([MISS, MISS, ['damaged']]);
    cache.set('f', { x: 0 }, { output: 1 });
    expect(cache.get('f', { x: 0 })).toBe(1);
    const orphan = join(folder, 'files', 'orphan');
    writeFileSync(orphan, '');
    utimesSync(orphan, 0, 0);
    open();
    expect(existsSync(orphan)).toBe(false);
  });
});
