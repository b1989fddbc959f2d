import { Injectable } from '@nestjs/common';
import type { Execution } from './execution.js';

/** Is told of an ended execution that PostgreSQL has; more than once after a crash. What it throws has it told again. */
export type EndingListener = (tenantId: string, execution: Execution) => Promise<void>;

/** Who wants to know of ended executions. They register when the application starts, each in the constructor's module: `onModuleInit`. */
@Injectable()
export class ExecutionEndings {
  private readonly listeners: EndingListener[] = [];

  add(listener: EndingListener): void {
    this.listeners.push(listener);
  }

  /** @throws what the first listener that fails throws; the others have heard of it */
  async tell(tenantId: string, execution: Execution): Promise<void> {
    const told = await Promise.allSettled(this.listeners.map((listener) => listener(tenantId, execution)));
    const failed = told.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
