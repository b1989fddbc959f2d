import { AppError } from '../../../shared/errors/index.js';

/** What a model is told of a tool that failed: it is told the message alone, so the code is in it. */
export const toolErrors = {
  timedOut: (tool: string, timeoutMs: number): AppError =>
    new AppError({ kind: 'unavailable', code: 'TOOL_TIMED_OUT', message: `TOOL_TIMED_OUT: ${tool} had no answer after ${String(timeoutMs / 1_000)} s. Go on without it, or ask it for less.` }),
  /** @param fields that the tool takes */
  inputInvalid: (tool: string, why: string, fields: readonly string[]): AppError =>
    new AppError({ kind: 'invalid', code: 'TOOL_INPUT_INVALID', message: `TOOL_INPUT_INVALID: ${tool} cannot work with this input: ${why}. It takes ${fields.join(', ')}.` }),
  outputInvalid: (tool: string, cause: unknown): AppError =>
    new AppError({ kind: 'internal', code: 'TOOL_OUTPUT_INVALID', message: `TOOL_OUTPUT_INVALID: what ${tool} answered is no JSON. Go on without it.`, cause }),
  expressionInvalid: (why: string): AppError =>
    new AppError({ kind: 'invalid', code: 'EXPRESSION_INVALID', message: `EXPRESSION_INVALID: ${why}` }),
  /** @param why without secrets */
  mcpFailed: (server: string, why: string): AppError =>
    new AppError({ kind: 'unavailable', code: 'MCP_SERVER_FAILED', message: `MCP_SERVER_FAILED: ${server} did not answer as it should: ${why}` }),
  /** The server itself says that the call failed. @param why without secrets */
  mcpToolFailed: (tool: string, why: string): AppError =>
    new AppError({ kind: 'invalid', code: 'MCP_TOOL_FAILED', message: `MCP_TOOL_FAILED: ${tool}: ${why === '' ? 'no reason given' : why}` }),
};
