import { createHash } from 'node:crypto';
import type { BuiltinTool } from '../../../contracts/index.js';
import type { AgentTool } from './agent-tool.js';
import { calculator } from './calculator.js';
import { checkedTool } from './checked-tool.js';
import { datetime } from './datetime.js';
import { httpRequest } from './http-request.js';

/** Every tool there is; the names are in `contracts/models.ts`, so that an agent cannot be given another. */
const TOOLS: Readonly<Record<BuiltinTool, AgentTool>> = { datetime: checkedTool(datetime), calculator: checkedTool(calculator), http_request: httpRequest };

/** Changes with what a model is told of any tool: what another version of this program has cached is not this one's. */
export const TOOLS_FINGERPRINT = createHash('sha256')
  .update(JSON.stringify(Object.values(TOOLS).map(({ name, description, inputSchema }) => [name, description, inputSchema])))
  .digest('base64url')
  .slice(0, 12);

/** What runs when a model calls the tool of that name; undefined for a name without a tool. */
export function implementationOf(name: string): AgentTool['execute'] | undefined {
  return toolsNamed([name])[0]?.execute;
}

/** The tools of these names; a name without a tool is passed over. */
export function toolsNamed(names: readonly string[]): AgentTool[] {
  return Object.values(TOOLS).filter(({ name }) => names.includes(name));
}
