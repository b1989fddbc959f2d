/** No answer within the time. */
export const LATE = Symbol('LATE');

/**
 * The outcome of `work`, or LATE. When the event loop itself was blocked, what has arrived meanwhile is still read before the
 * work is called late: a busy process is no dead Redis.
 */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => setImmediate(resolve, LATE), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
