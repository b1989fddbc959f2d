/** A tool as its MCP server describes it; plain data, so that a cache can keep it. */
export interface McpTool {
  /** Its name at its server. */
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** What providers take for the name of a tool. @source OpenAI and Anthropic: `^[a-zA-Z0-9_-]{1,64}$` */
const MAX_NAME = 64;
const NOT_IN_NAMES = /[^A-Za-z0-9_-]/g;
/** What a stranger may put before the model. Characters. Guesses. */
const [MAX_DESCRIPTION, MAX_SCHEMA] = [4_096, 32_768];

/** The name that the model calls a tool by: `<server>_<tool>`, in letters that providers take, and unlike those that are taken. */
export function offeredName(server: string, tool: string, taken: ReadonlySet<string>): string {
  const wanted = `${server}_${tool}`.replaceAll(NOT_IN_NAMES, '_').slice(0, MAX_NAME);
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted.slice(0, MAX_NAME - 4)}_${String(count)}`;
  return name;
}

/** A description within bounds; null for a schema that is not. */
export function acceptedTool(name: string, description: string | undefined, schema: Readonly<Record<string, unknown>>): McpTool | null {
  const inputSchema = { ...schema, type: 'object', properties: schema['properties'] ?? {} };
  if (JSON.stringify(inputSchema).length > MAX_SCHEMA) return null;
  return { name, description: (description ?? '').slice(0, MAX_DESCRIPTION), inputSchema };
}

/**
 * What a server's answer says: the structured content, else the text, else the parts, of which data that no model reads is left out.
 *
 * @param answer as the protocol has it
 */
export function outputOf(answer: object): unknown {
  const { content, structuredContent } = answer as { readonly content?: unknown; readonly structuredContent?: unknown };
  if (structuredContent !== undefined) return structuredContent;
  const parts = Array.isArray(content) ? (content as unknown[]) : [];
  const texts = parts.map(textOf);
  return texts.every((text) => text !== undefined) ? texts.join('\n') : parts.map(withoutData);
}

function textOf(part: unknown): string | undefined {
  const { type, text } = (part ?? {}) as { readonly type?: unknown; readonly text?: unknown };
  return type === 'text' && typeof text === 'string' ? text : undefined;
}

function withoutData(part: unknown): unknown {
  const { data, ...rest } = (part ?? {}) as { readonly data?: unknown };
  return data === undefined ? part : { ...rest, note: 'binary data, left out' };
}
