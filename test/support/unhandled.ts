import { afterAll, beforeAll, expect } from '@jest/globals';

/** Nothing in this test file may end the process: neither an exception nor a rejection that nobody handles. */
export function expectNothingUnhandled(): void {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  beforeAll(() => {
    process.on('uncaughtException', note).on('unhandledRejection', note);
  });
  afterAll(async () => {
    // A rejection counts as unhandled one turn of the event loop later.
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('uncaughtException', note).off('unhandledRejection', note);
    expect(seen).toEqual([]);
  });
}
