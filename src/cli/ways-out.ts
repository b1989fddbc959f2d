import type { AppError } from '../shared/errors/index.js';

/** What to do about an error, in commands: its own sentence says it in calls of the API. By code. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  TENANT_NOT_FOUND: '"tenants list" shows those there are, "tenants create" makes one',
  TENANT_EXISTS: 'choose another --id, or leave it out for a new one',
  API_KEY_NOT_FOUND: '"keys list --tenant <id>" shows those of a tenant',
  API_KEY_ENDED: 'make another key with "keys create"',
  CONVERSATION_NOT_FOUND: 'look whether it is of this --tenant',
};

/** An error's sentence for whoever typed a command: what is wrong as it stands, and the way out as a command. */
export function inCommands({ code, message }: AppError): string {
  const wayOut = WAYS_OUT[code];
  const [fault = message] = message.split(/[;.](?: |$)/, 1);
  return wayOut === undefined ? message : `${fault}; ${wayOut}.`;
}
