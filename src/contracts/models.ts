/** Where models come from: `builtin` computes offline, `openai-compatible` is any server of that protocol. */
export const MODEL_PROVIDERS = ['builtin', 'openai-compatible'] as const;

export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/** Tools that every agent may be given by name. */
export const BUILTIN_TOOLS = ['datetime', 'calculator', 'http_request'] as const;

export type BuiltinTool = (typeof BUILTIN_TOOLS)[number];

/** What may be asked for besides {@link BUILTIN_TOOLS}, as said to whoever names a tool that there is not. */
export const TOOL_RULE = `each value in tools must be one of ${BUILTIN_TOOLS.join(', ')}; knowledge_search needs collections, which this version does not have; tools of an MCP server come by mcpServers`;
