/** HTTP to public hosts, as `shared/outbound` lets it through. */
export type Fetch = typeof globalThis.fetch;

/** A tool that a model may call. */
export interface AgentTool {
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description: string;
  /** JSON schema of the input. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** @param fetch its only way to the network  @returns something that can be JSON; what it throws the model is told */
  readonly execute: (input: unknown, signal: AbortSignal, fetch?: Fetch) => Promise<unknown>;
}
