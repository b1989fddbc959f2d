/** One listener's share of a {@link WakeUpCall}. */
export interface WakeUp {
  /** Resolves at the next call, at once if there was one since the last wait, and after `timeoutMs` at the latest. @returns whether there was one */
  wait(timeoutMs?: number): Promise<boolean>;
  /** Hears no more; who waits is woken. */
  close(): void;
}

/** Wakes all who listen to it. */
export class WakeUpCall {
  private readonly listeners = new Set<() => void>();

  get hasListeners(): boolean {
    return this.listeners.size > 0;
  }

  call(): void {
    for (const wake of this.listeners) wake();
  }

  /** Listens from now on. */
  listen(): WakeUp {
    let isAwake = false;
    let resolveWait: (() => void) | undefined;
    const wake = (): void => {
      isAwake = true;
      resolveWait?.();
    };
    this.listeners.add(wake);
    return {
      close: () => {
        if (this.listeners.delete(wake)) wake();
      },
      wait: async (timeoutMs) => {
        if (!isAwake) {
          await new Promise<void>((resolve) => {
            const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
            resolveWait = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        const wasWoken = isAwake;
        isAwake = false;
        return wasWoken;
      },
    };
  }
}
