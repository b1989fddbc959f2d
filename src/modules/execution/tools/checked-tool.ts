import { type ZodError, fromJSONSchema } from 'zod';
import type { AgentTool } from './agent-tool.js';
import { toolErrors } from './tools.errors.js';

/**
 * The same tool behind a check of its input against its own schema. For our tools alone: a stranger's schema may hold a pattern that never comes to an end.
 *
 * @returns a tool that throws TOOL_INPUT_INVALID (invalid), which names the field
 */
export function checkedTool(tool: AgentTool): AgentTool {
  const schema = fromJSONSchema(tool.inputSchema);
  const execute: AgentTool['execute'] = async (input, ...rest) => {
    const { success, error } = schema.safeParse(input ?? {});
    if (!success) throw toolErrors.inputInvalid(tool.name, faultsOf(error), fieldsOf(tool));
    return tool.execute(input, ...rest);
  };
  return { ...tool, execute };
}

/** One line: a model reads it as well, and people read it in an event. */
function faultsOf({ issues }: ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

function fieldsOf({ inputSchema }: AgentTool): readonly string[] {
  return Object.keys(inputSchema['properties'] ?? {});
}
