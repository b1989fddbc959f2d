import { type CacheDirective, fingerprint, type KeptStreams } from '../../../shared/memo/index.js';
import type { AgentTool } from '../tools/agent-tool.js';

/** A tool's results, and whose they are. */
export interface KeptToolOptions extends Pick<CacheDirective, 'ttl'> {
  readonly agentId: string;
  /** With another version of the agent nothing that was kept before is taken: the tool may be another one. */
  readonly agentVersion: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Is told where each result comes from. */
  readonly answered: (origin: 'kept' | 'shared' | 'made') => void;
}

/** The same tool, asked once for the same input: its results are kept, those who call it at the same time share one call. What it throws is not kept. */
export function keptTool(tool: AgentTool, results: KeptStreams<unknown>, { agentId, agentVersion, answered, ...call }: KeptToolOptions): AgentTool {
  const execute: AgentTool['execute'] = async (input, signal, ...rest) => {
    async function* open(own: AbortSignal): AsyncGenerator<unknown> {
      yield await tool.execute(input, own, ...rest);
    }
    const inputs = (): Readonly<Record<string, unknown>> => ({ agentId, agentVersion, tool: tool.name, call: fingerprint(input) });
    const { origin, items } = await results.read({ ...call, func: 'tool.result', inputs, open }, signal);
    answered(origin);
    const { value } = await items.next();
    // To its end, where it is kept.
    await items.next();
    return value;
  };
  return { ...tool, execute };
}
