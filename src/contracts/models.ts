/** Where models come from: `builtin` computes offline, `openai-compatible` is any server of that protocol. */
export const MODEL_PROVIDERS = ['builtin', 'openai-compatible'] as const;

export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/** Tools that every agent may be given by name. */
export const BUILTIN_TOOLS = ['datetime', 'http_request'] as const;

export type BuiltinTool = (typeof BUILTIN_TOOLS)[number];
