import { describe, expect, it } from '@jest/globals';
import { Generations } from './generations.js';

describe('a generation', () => {
  it('is one life for all who learn the same', () => {
    const generations = new Generations(10);
    const life = generations.learn('s', 'g1');
    expect(generations.learn('s', 'g1')).toBe(life);
    expect(life.isAlive).toBe(true);
  });

  it('ends when its scope is invalidated; the next one is another life, even under the same id', () => {
    const generations = new Generations(10);
    const life = generations.learn('s', 'g1');
    generations.end('s');
    expect(life.isAlive).toBe(false);
    expect(generations.learn('s', 'g1')).not.toBe(life);
    expect(life.isAlive).toBe(false);
  });

  it('ends when another one is learnt', () => {
    const generations = new Generations(10);
    const life = generations.learn('s', 'g1');
    expect(generations.learn('s', 'g2').isAlive).toBe(true);
    expect(life.isAlive).toBe(false);
  });

  it('ends with all, and no other with one', () => {
    const generations = new Generations(10);
    const [one, two] = [generations.learn('one', 'g'), generations.learn('two', 'g')];
    generations.end('one');
    generations.end('never heard of');
    expect([one.isAlive, two.isAlive]).toEqual([false, true]);
    generations.clear();
    expect([two.isAlive, generations.size]).toEqual([false, 0]);
  });

  it('goes on when Redis cannot be asked, and one that Redis never told ends when it tells', () => {
    const generations = new Generations(10);
    const known = generations.learn('s', 'g1');
    expect(generations.learn('s', undefined)).toBe(known);
    const guessed = generations.learn('new', undefined);
    expect(guessed.isAlive).toBe(true);
    generations.learn('new', 'g1');
    expect(guessed.isAlive).toBe(false);
  });

  it('that had to make room is dead: there are never more than the limit', () => {
    const generations = new Generations(3);
    const lives = Array.from({ length: 1_000 }, (_, index) => generations.learn(`s${String(index)}`, 'g'));
    expect(generations.size).toBe(3);
    expect(lives.filter(({ isAlive }) => isAlive)).toEqual(lives.slice(-3));
  });
});
