import { AppError } from '../../../shared/errors/index.js';
import type { AgentTool } from './agent-tool.js';

/** The current time, in a zone of the model's choice. */
export const datetime: AgentTool = {
  name: 'datetime',
  description: 'The current date and time. Give an IANA time zone, such as Europe/Madrid, to get it there; the default is UTC.',
  inputSchema: { type: 'object', properties: { timeZone: { type: 'string', description: 'IANA name' } }, additionalProperties: false },
  execute: (input) => Promise.resolve(now(input)),
};

function now(input: unknown): { iso: string; timeZone: string; local: string } {
  const { timeZone = 'UTC' } = (input ?? {}) as { timeZone?: string };
  const at = new Date();
  try {
    return { iso: at.toISOString(), timeZone, local: at.toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' }) };
  } catch (cause) {
    throw new AppError({ kind: 'invalid', code: 'TIME_ZONE_UNKNOWN', message: `"${timeZone}" is not an IANA time zone; try one such as Europe/Madrid or UTC.`, cause });
  }
}
