import type { Progress } from '../../../contracts/index.js';
import type { AgentTool } from './agent-tool.js';
import type { McpConnection } from './mcp-connection.js';

/** The tools of one run, and the sessions behind them, which end with it. */
export class Toolbox implements AsyncDisposable {
  /**
   * @param tools within bounds of time and size
   * @param notes what the run has to do without, for those who watch it
   */
  constructor(
    readonly tools: readonly AgentTool[],
    readonly notes: readonly Progress[],
    private readonly connections: readonly McpConnection[],
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}
