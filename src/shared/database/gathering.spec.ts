import { describe, expect, it } from '@jest/globals';
import { Gathering, type GatheringRules } from './gathering.js';

/** A gathering whose groups end when the test says so. */
class Scene {
  readonly groups: { readonly items: readonly string[]; readonly end: PromiseWithResolvers<readonly string[]> }[] = [];
  readonly gathering: Gathering<string, string>;

  constructor(rules: Partial<GatheringRules<string, string>> = {}) {
    const write = async (items: readonly string[]): Promise<readonly string[]> => {
      const end = Promise.withResolvers<readonly string[]>();
      this.groups.push({ items, end });
      return end.promise;
    };
    this.gathering = new Gathering({ groups: 2, isEnough: (waiting) => waiting.length >= 3, goesWith: (_, group) => group.length < 4, write, ...rules });
  }

  add(...items: string[]): Promise<PromiseSettledResult<string>[]> {
    return Promise.allSettled(items.map((item) => this.gathering.add(item)));
  }

  get items(): string[] {
    return this.groups.map(({ items }) => items.join(''));
  }

  async end(group: number, error?: Error): Promise<void> {
    const { items, end } = this.groups[group]!;
    if (error) end.reject(error);
    else end.resolve(items.map((item) => `${item}!`));
    await new Promise(setImmediate);
  }
}

const values = (results: readonly PromiseSettledResult<string>[]): string[] => results.map((result) => (result.status === 'fulfilled' ? result.value : String((result.reason as Error).message)));

describe('what is gathered', () => {
  it('begins at once when nothing is on its way', async () => {
    const scene = new Scene();
    const done = scene.add('a');
    expect(scene.items).toEqual(['a']);
    await scene.end(0);
    expect(values(await done)).toEqual(['a!']);
  });

  it('goes together if it came meanwhile, each with its own result, in the order in which it came', async () => {
    const scene = new Scene();
    const done = scene.add('a', 'b', 'c');
    expect(scene.items).toEqual(['a']);
    await scene.end(0);
    expect(scene.items).toEqual(['a', 'bc']);
    await scene.end(1);
    expect(values(await done)).toEqual(['a!', 'b!', 'c!']);
  });

  it('begins beside another group when it is enough, up to the number of groups', () => {
    const scene = new Scene();
    void scene.add('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(scene.items).toEqual(['a', 'bcd']);
  });

  it('leaves behind what does not go with the others, for the next group', async () => {
    const scene = new Scene({ groups: 1, goesWith: (item, group) => item !== 'x' && !group.includes('x') });
    const done = scene.add('a', 'b', 'x', 'c');
    for (const group of [0, 1, 2]) await scene.end(group);
    expect(scene.items).toEqual(['a', 'bc', 'x']);
    expect(values(await done)).toEqual(['a!', 'b!', 'x!', 'c!']);
  });

  it('is done again one by one when the group fails, and fails only with what fails alone', async () => {
    const scene = new Scene();
    const done = scene.add('a', 'b', 'c');
    await scene.end(0);
    await scene.end(1, new Error('together'));
    await scene.end(2, new Error('alone'));
    await scene.end(3);
    expect(scene.items).toEqual(['a', 'bc', 'b', 'c']);
    expect(values(await done)).toEqual(['a!', 'alone', 'c!']);
  });

  it('fails together with what no item is to blame for', async () => {
    const scene = new Scene({ failsAlone: (error) => (error as Error).message !== 'away' });
    const done = scene.add('a', 'b', 'c');
    await scene.end(0);
    await scene.end(1, new Error('away'));
    expect(scene.items).toEqual(['a', 'bc']);
    expect(values(await done)).toEqual(['a!', 'away', 'away']);
  });

  it('goes on after a failure', async () => {
    const scene = new Scene();
    const first = scene.add('a');
    await scene.end(0, new Error('no'));
    expect(values(await first)).toEqual(['no']);
    void scene.add('b');
    expect(scene.items).toEqual(['a', 'b']);
  });
});
