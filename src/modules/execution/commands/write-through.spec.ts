import { describe, expect, it } from '@jest/globals';
import { WriteThrough } from './write-through.js';

type Change = Readonly<Record<string, unknown>>;

/** A store whose saves end when, and as, the test says. */
function store(isWorthRetrying = (): boolean => true): { through: WriteThrough<Change>; saves: [key: string, change: Change][]; end: (failure?: Error) => Promise<void> } {
  const saves: [string, Change][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const save = (key: string, change: Change): Promise<void> => {
    saves.push([key, change]);
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  };
  const end = async (failure?: Error): Promise<void> => {
    const first = ends.shift();
    if (failure) first?.reject(failure);
    else first?.resolve();
    await settled();
  };
  return { through: new WriteThrough<Change>({ save, isWorthRetrying }), saves, end };
}

/** Everything that can go on without the store has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const DOWN = new RangeError('down');

describe('changes on their way to the store', () => {
  it('go in order for each key, those that wait together in one, and keys do not wait for one another', async () => {
    const { through, saves, end } = store();
    const writes = [through.write('a', { n: 1 })];
    await settled();
    writes.push(through.write('a', { n: 2, x: 1 }), through.write('a', { n: 3 }), through.write('b', { n: 1 }));
    await settled();
    expect(saves).toEqual([['a', { n: 1 }], ['b', { n: 1 }]]);
    expect(through.unsaved('a')).toEqual({ n: 3, x: 1 });
    await end();
    expect(saves[2]).toEqual(['a', { n: 3, x: 1 }]);
    await end();
    await end();
    await Promise.all(writes);
    expect([through.unsaved('a'), through.size]).toEqual([undefined, 0]);
  });

  it('are dirty after a failure, which the writer hears of, and go with the next write', async () => {
    const { through, saves, end } = store();
    const first = through.write('a', { status: 'completed', results: [1] });
    first.catch(() => undefined);
    await settled();
    await end(DOWN);
    await expect(first).rejects.toBe(DOWN);
    expect([through.isDirty('a'), through.unsaved('a'), through.dirtyKeys]).toEqual([true, { status: 'completed', results: [1] }, ['a']]);
    const second = through.write('a', { results: [2] });
    await settled();
    await end();
    await second;
    expect(saves[1]).toEqual(['a', { status: 'completed', results: [2] }]);
    expect([through.isDirty('a'), through.unsaved('a'), through.size]).toEqual([false, undefined, 0]);
  });

  it('are tried again until they are saved', async () => {
    const { through, saves, end } = store();
    through.write('a', { n: 1 }).catch(() => undefined);
    for (let i = 0; i < 3; i++) {
      await settled();
      await end(DOWN);
      void through.retry();
    }
    await settled();
    await end();
    expect([saves.length, through.size, await through.retry()]).toEqual([4, 0, []]);
  });

  it('of a save that fails and of a later one stay together, the later fields winning', async () => {
    const { through, saves, end } = store();
    const first = through.write('a', { n: 1, x: 1 });
    first.catch(() => undefined);
    await settled();
    const second = through.write('a', { n: 2 });
    await end(DOWN);
    expect(saves[1]).toEqual(['a', { n: 2, x: 1 }]);
    await end();
    await second;
    expect(through.size).toBe(0);
  });

  it('are given up when another try would change nothing', async () => {
    const { through, end } = store(() => false);
    const write = through.write('a', { n: 1 });
    write.catch(() => undefined);
    await settled();
    await end(DOWN);
    await expect(write).rejects.toBe(DOWN);
    expect([through.isDirty('a'), through.unsaved('a'), through.size]).toEqual([false, undefined, 0]);
  });

  it('are named when a later try gives them up', async () => {
    let isWorthIt = true;
    const { through, end } = store(() => isWorthIt);
    through.write('a', { n: 1 }).catch(() => undefined);
    await settled();
    await end(DOWN);
    isWorthIt = false;
    const retried = through.retry();
    await settled();
    await end(DOWN);
    expect([await retried, through.size]).toEqual([['a'], 0]);
  });

  it('are forgotten with their key', async () => {
    const { through, saves, end } = store();
    through.write('a', { n: 1 }).catch(() => undefined);
    await settled();
    await end(DOWN);
    through.forget('a');
    expect([await through.retry(), saves.length, through.unsaved('a')]).toEqual([[], 1, undefined]);
  });
});
