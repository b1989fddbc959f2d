import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startDeadline } from './deadline.js';

describe('a deadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const start = (parent = new AbortController()): { deadline: ReturnType<typeof startDeadline>; parent: AbortController } => ({ deadline: startDeadline(1_000, parent.signal, () => 'too long'), parent });

  it('fires at its limit, with its reason, and not before', () => {
    const { deadline } = start();
    jest.advanceTimersByTime(999);
    expect([deadline.signal.aborted, deadline.hasPassed()]).toEqual([false, false]);
    jest.advanceTimersByTime(1);
    expect([deadline.signal.aborted, deadline.signal.reason, deadline.hasPassed()]).toEqual([true, 'too long', true]);
  });

  it('fires with its parent, with the reason of the parent, and has not passed then', () => {
    const { deadline, parent } = start();
    parent.abort('stop');
    expect([deadline.signal.aborted, deadline.signal.reason, deadline.hasPassed()]).toEqual([true, 'stop', false]);
  });

  it('fires at once under a parent that has fired', () => {
    const parent = new AbortController();
    parent.abort('stop');
    const { deadline } = start(parent);
    expect([deadline.signal.reason, deadline.hasPassed()]).toEqual(['stop', false]);
  });

  it('that has not passed when its parent fired does not pass later', () => {
    const { deadline, parent } = start();
    parent.abort('stop');
    jest.advanceTimersByTime(1_000);
    expect([deadline.signal.reason, deadline.hasPassed()]).toEqual(['stop', false]);
  });

  it('that has passed stays so when its parent fires afterwards', () => {
    const { deadline, parent } = start();
    jest.advanceTimersByTime(1_000);
    parent.abort('stop');
    expect([deadline.signal.reason, deadline.hasPassed()]).toEqual(['too long', true]);
  });

  it('does not stop its parent', () => {
    const { parent } = start();
    jest.advanceTimersByTime(1_000);
    expect(parent.signal.aborted).toBe(false);
  });

  it('that is disposed of leaves no timer and no listener, and never fires', () => {
    const { deadline, parent } = start();
    expect(jest.getTimerCount()).toBe(1);
    deadline[Symbol.dispose]();
    expect(jest.getTimerCount()).toBe(0);
    parent.abort('stop');
    jest.advanceTimersByTime(5_000);
    expect(deadline.signal.aborted).toBe(false);
  });

  it('is disposed of at the end of a block that uses it', () => {
    {
      using deadline = start().deadline;
      expect(deadline.signal.aborted).toBe(false);
    }
    expect(jest.getTimerCount()).toBe(0);
  });
});
