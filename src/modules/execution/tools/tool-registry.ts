import type { BuiltinTool } from '../../../contracts/index.js';
import type { AgentTool } from './agent-tool.js';
import { datetime } from './datetime.js';

/** Every tool there is; the names are in `contracts/models.ts`, so that an agent cannot be given another. */
const TOOLS: Readonly<Record<BuiltinTool, AgentTool>> = { datetime };

/** The tools of these names; a name without a tool is passed over. */
export function toolsNamed(names: readonly string[]): AgentTool[] {
  return Object.values(TOOLS).filter(({ name }) => names.includes(name));
}
