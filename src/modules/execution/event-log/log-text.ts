import type { ExecutionEvent } from '../../../contracts/index.js';

/**
 * The text of an answer as a log tells it.
 *
 * @param before what earlier events have told
 * @param events the next ones; a new attempt makes void what was said before
 */
export function textOfLog(before: string, events: readonly ExecutionEvent[]): string {
  return events.reduce((text, event) => {
    if (event.type === 'execution.started') return '';
    if (event.type === 'message.completed') return event.data.content;
    return event.type === 'message.delta' ? text + event.data.text : text;
  }, before);
}
