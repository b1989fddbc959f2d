import type { ModelMessage } from 'ai';
import { messageOf } from '../../../shared/models/index.js';

/** What an error says of itself before its sentence: nothing to a model, and nothing to people. */
const CLASS_NAME = /^[A-Z]?\w*Error: /;

/** The sentence of what a tool, or the SDK in its place, has thrown. */
export function failureSentence(thrown: unknown): string {
  return messageOf(thrown).replace(CLASS_NAME, '');
}

/** The messages as the model is shown them: of a tool that failed its sentence, the one that its event has. */
export function withFailuresAsSentences(messages: readonly ModelMessage[]): ModelMessage[] {
  return messages.map((message) => (message.role === 'tool' ? { ...message, content: message.content.map(withSentence) } : message));
}

type ToolPart = Extract<ModelMessage, { role: 'tool' }>['content'][number];

function withSentence(part: ToolPart): ToolPart {
  if (part.type !== 'tool-result' || part.output.type !== 'error-text') return part;
  return { ...part, output: { ...part.output, value: failureSentence(part.output.value) } };
}
