import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { CancelRequest, RunRef } from '../execution.js';
import type { WakeUp } from '../event-log/wake-up.js';
import { WakeUpStore } from '../event-log/wake-up.store.js';
import { RunStore } from './run.store.js';

/** How often a run says that it is alive, and is found to be cancelled though nobody was woken. Milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** A run in this process. */
export interface RunningRun extends Disposable {
  /** Fires with a {@link CancelRequest}. */
  readonly cancelled: AbortSignal;
}

/** The runs that this process works on: tells Redis that they are alive, and them when they are to stop. Neither is on a run's own way. */
@Injectable()
export class RunningRuns implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Map<AbortController, RunRef>();
  private wakeUp: WakeUp | undefined;
  private isStopped = false;

  constructor(
    private readonly runs: RunStore,
    private readonly wakeUps: WakeUpStore,
    private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    void this.lookUntilStopped();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    this.wakeUp?.close();
  }

  /** To be disposed of when the run is out of this process's hands. */
  add(run: RunRef): RunningRun {
    const controller = new AbortController();
    this.running.set(controller, run);
    return { cancelled: controller.signal, [Symbol.dispose]: () => this.running.delete(controller) };
  }

  private async lookUntilStopped(): Promise<void> {
    while (!this.isStopped) {
      try {
        this.wakeUp ??= await this.wakeUps.listen(this.runs.cancellations);
        if (!this.isStopped) await this.wakeUp.wait(LOOK_EVERY_MS);
        await this.look();
      } catch (error) {
        // Runs go on meanwhile; their own writes find a request, too.
        this.logger.debug({ err: error }, 'Nobody can say whether runs are to stop');
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS / 10).unref());
      }
    }
  }

  private async look(): Promise<void> {
    const watched = [...this.running];
    if (watched.length === 0 || this.isStopped) return;
    const requests = await this.runs.stillRunning(watched.map(([, run]) => run));
    requests.forEach((request, i) => {
      const [controller] = watched[i] ?? [];
      if (request && controller?.signal.aborted === false) controller.abort(request satisfies CancelRequest);
    });
  }
}
