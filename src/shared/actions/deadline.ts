/** A time limit on a piece of work; dispose of it when the work is done, so that no timer outlives it. */
export interface Deadline extends Disposable {
  /** Fires at the limit, or with its parent. */
  readonly signal: AbortSignal;
  /** True when it was the limit that fired the signal. */
  readonly hasPassed: () => boolean;
}

/** @param reasonOf makes what the signal is aborted with at the limit; an error has a stack, which costs */
export function startDeadline(timeoutMs: number, parent: AbortSignal, reasonOf: () => unknown): Deadline {
  const controller = new AbortController();
  let hasPassed = false;
  const forward = (): void => {
    controller.abort(parent.reason);
  };
  const timer = setTimeout(() => {
    hasPassed = !controller.signal.aborted;
    controller.abort(reasonOf());
  }, timeoutMs);
  parent.addEventListener('abort', forward, { once: true });
  if (parent.aborted) forward();
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      parent.removeEventListener('abort', forward);
    },
  };
}
