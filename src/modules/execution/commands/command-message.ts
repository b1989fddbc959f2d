import { MAX_MESSAGE_CHARACTERS } from '../../../contracts/index.js';
import type { Command } from './command.js';
import { commandErrors } from './commands.errors.js';

/**
 * What the agent is told: the task, what describes it, and what it is about, as paragraphs.
 *
 * @throws VALIDATION_FAILED (invalid) when that is longer than a message may be
 */
export function messageOf({ task, description, targets }: Pick<Command, 'task' | 'description' | 'targets'>): string {
  const list = targets.length === 0 ? [] : [`Targets:\n${targets.map((target) => `- ${target}`).join('\n')}`];
  const message = [task, ...(description === null ? [] : [description]), ...list].join('\n\n');
  if (message.length > MAX_MESSAGE_CHARACTERS) throw commandErrors.tooLong(message.length, MAX_MESSAGE_CHARACTERS);
  return message;
}
