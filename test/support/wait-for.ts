const INTERVAL_MS = 20;

/** Asks until the answer is neither undefined, null nor false. Fails with the last error, or by saying what never came. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined | null | false> | T | undefined | null | false, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let failure: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) return answer;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
  throw failure instanceof Error ? failure : new Error(`waited ${String(timeoutMs)} ms for ${what}`);
}
