import { describe, expect, it } from '@jest/globals';
import { MemoCache } from '../index.js';

describe('a memoised method', () => {
  const cache = new MemoCache();
  class Scale {
    runs = 0;
    constructor(private readonly factor: number) {}
    @cache.memoize({ ttl: '1h' })
    times(x: number): number {
      this.runs++;
      return x * this.factor;
    }
    @cache.memoize
    async later({ x }: { x: number }): Promise<number> {
      return Promise.resolve(x * this.factor);
    }
    @cache.memoize()
    *each(n: number): Generator<number> {
      for (let i = 0; i < n; i++) yield i * this.factor;
    }
    @cache.batchMemoize({ itemIndex: 0 })
    all(items: readonly number[]): number[] {
      this.runs++;
      return items.map((item) => item * this.factor);
    }
    @cache.memoize()
    static twice(x: number): number {
      return 2 * x;
    }
  }

  it('does not share what it computed for another object', async () => {
    const [two, three] = [new Scale(2), new Scale(3)];
    expect([two.times(1), three.times(1), two.times(1), three.times(1), two.runs, three.runs]).toEqual([2, 3, 2, 3, 1, 1]);
    expect([await two.later({ x: 1 }), await three.later({ x: 1 }), await two.later({ x: 1 })]).toEqual([2, 3, 2]);
    expect([[...two.each(2)], [...three.each(2)], two.all([1, 1, 2]), three.all([1])]).toEqual([[0, 2], [0, 3], [2, 2, 4], [3]]);
    expect([Scale.twice(2), Scale.twice(2)]).toEqual([4, 4]);
    expect(new Set([...cache].map(({ func }) => func))).toEqual(new Set(['Scale.times', 'Scale.later', 'Scale.each', 'Scale.all', 'Scale.twice']));
  });

  it('shares what objects say they have in common', () => {
    const own = new MemoCache();
    let runs = 0;
    class Tenant {
      constructor(readonly id: string) {}
      toMemoKey(): string {
        return this.id;
      }
      @own.memoize()
      plan(): string {
        runs++;
        return `plan of ${this.id}`;
      }
      @own.memoize({ self: () => null })
      limits(): number {
        runs++;
        return 1;
      }
    }
    expect([new Tenant('a').plan(), new Tenant('a').plan(), new Tenant('b').plan(), runs]).toEqual(['plan of a', 'plan of a', 'plan of b', 2]);
    expect([new Tenant('a').limits(), new Tenant('b').limits(), runs]).toEqual([1, 1, 3]);
  });

  it('is decorated by standard decorators, too', () => {
    const own = new MemoCache();
    const context = { kind: 'method', name: 'times', addInitializer: () => undefined } as unknown as ClassMethodDecoratorContext;
    const times = own.memoize({ ttl: 60 })(function (this: { factor: number }, x: number): number { return x * this.factor; }, context);
    expect([times.call({ factor: 2 }, 2), own.size]).toEqual([4, 1]);
  });

  it('is not called on an object when it was memoised as a function', () => {
    const memoised = new MemoCache().memoize(function whose(this: unknown) { return this === undefined; });
    expect(Object.assign({}, { memoised }).memoised()).toBe(true);
  });
});
