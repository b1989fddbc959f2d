/** No answer within the time. */
export const LATE = Symbol('LATE');

/**
 * The outcome of `work`, or LATE. When the event loop itself was blocked, what has arrived meanwhile is still read before the
 * work is called late: a busy process is no dead Redis.
 */
export function within<T>(limitMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(resolve, LATE), limitMs);
    work.then(
      (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
