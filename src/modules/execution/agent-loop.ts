import type { ModelMessage } from 'ai';
import type { ExecutionError, TokenUsage } from '../../contracts/index.js';
import { toExecutionError } from '../../shared/models/index.js';
import type { Message } from '../conversations/index.js';
import type { AgentSnapshot } from './context/execution-context.js';
import { type LoopWriter, ModelPhases, type PhaseAnswer, type PhasesInput } from './model-phases.js';

/** What one run of the loop needs. */
export interface LoopInput extends PhasesInput {
  readonly agent: Pick<AgentSnapshot, 'type' | 'background' | 'systemPrompt'>;
  /** Oldest first, as the memory window has them. */
  readonly messages: readonly Message[];
  /** Model calls at the most. */
  readonly maxIterations: number;
}

/** How the loop ended; `text` is what there was of an answer in any case. Look at the signal first: when it has fired, the rest says little. */
export interface LoopOutcome {
  readonly text: string;
  readonly usage: TokenUsage;
  /** The provider's, or `iterations-exhausted`: the model had to answer, and would have gone on with its tools. */
  readonly finishReason: string;
  /** Set when there is no whole answer. */
  readonly error: ExecutionError | null;
  /** Who answered; left out when that is not known any more. */
  readonly answeredBy?: { readonly provider: string; readonly model: string };
}

/** What each phase of a workflow is told, after the agent's own prompt. */
const TASKS = {
  analyse: 'Work in three phases: analyse, process, respond. This is the first. Write a short plan, at most eight steps, of what has to be found out or done, and with which tools, to meet the last message. Do not meet it yet.',
  process: 'This is the phase "process". Follow the plan, if there is one, with your tools where they help. Then note in short what you have found out and done: the notes are for yourself; the answer is written from them later.',
  respond: 'This is the last phase. Answer the last message of the user now, from your notes and the results of your tools. Do not speak of phases, plans or notes.',
} as const;

/**
 * Calls the model, and the tools it asks for, until it answers; writes every step to the event log. The last call that is allowed has to be an answer.
 * A failure of the provider and the caller's signal are outcomes.
 *
 * @throws only what the event writer throws
 * @source `originals.md` section 1.7
 */
export async function runAgentLoop(input: LoopInput, writer: LoopWriter): Promise<LoopOutcome> {
  const phases = new ModelPhases(input, writer);
  const answer = input.agent.type === 'workflow' ? await workflow(input, phases, writer) : await conversation(input, phases);
  const { text, finishReason, failure } = answer;
  const outcome = { text, usage: phases.usage, finishReason, answeredBy: phases.answeredBy };
  if (failure !== undefined) return { ...outcome, error: toExecutionError(failure, input.models.redact) };
  if (!answer.isExhausted) return { ...outcome, error: finishReason === 'tool-calls' ? NO_TOOL_NAMED : null };
  return { ...outcome, finishReason: 'iterations-exhausted', error: answer.lastText === '' ? exhausted(input.maxIterations) : null };
}

/** One phase: tools as long as there is a call left for the answer. */
async function conversation({ agent, messages, maxIterations }: LoopInput, phases: ModelPhases): Promise<PhaseAnswer> {
  return phases.run({ instructions: instructionsOf(agent), messages: messages.flatMap(toModelMessage), maxCalls: maxIterations, toolsUntil: maxIterations - 1, isAnswer: true });
}

/** Three phases over the same window. Of two calls none is left to plan, of one none for tools. */
async function workflow({ agent, messages, maxIterations }: LoopInput, phases: ModelPhases, writer: LoopWriter): Promise<PhaseAnswer> {
  const window = messages.flatMap(toModelMessage);
  const own = instructionsOf(agent);
  let notes: string | undefined;
  if (maxIterations > 2) {
    const plan = await phases.run({ instructions: joined(own, TASKS.analyse), messages: window, maxCalls: 1, toolsUntil: 0, isAnswer: false });
    if (plan.failure !== undefined) return plan;
    await show(writer, 'analyse', plan.text);
    notes = joined('Your plan:', plan.text);
  }
  let work: PhaseAnswer | undefined;
  if (maxIterations > 1) {
    const maxCalls = Math.max(1, maxIterations - 2);
    work = await phases.run({ instructions: joined(own, notes, TASKS.process), messages: window, maxCalls, toolsUntil: maxCalls, isAnswer: false });
    if (work.failure !== undefined) return work;
    await show(writer, 'process', work.text);
    notes = joined(notes, work.text && joined('Your notes:', work.text));
  }
  writer.add({ type: 'progress', data: { stage: 'respond' } });
  const shown = work ? untilResults(work.messages) : window;
  const answer = await phases.run({ instructions: joined(own, notes, TASKS.respond), messages: shown, maxCalls: 1, toolsUntil: 0, isAnswer: true });
  return { ...answer, isExhausted: answer.failure === undefined && (answer.isExhausted || work?.finishReason === 'tool-calls') };
}

async function show(writer: LoopWriter, stage: 'analyse' | 'process', text: string): Promise<void> {
  writer.add({ type: 'progress', data: { stage, text } });
  await writer.flush();
}

/** Without the last words of the phase before, which are among the notes: some providers would go on with them instead of answering. */
function untilResults(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  return messages.at(-1)?.role === 'assistant' ? messages.slice(0, -1) : messages;
}

function instructionsOf({ background, systemPrompt }: LoopInput['agent']): string | undefined {
  return joined(background, systemPrompt);
}

function joined(...texts: readonly (string | null | undefined)[]): string | undefined {
  return texts.filter((text) => text !== null && text !== undefined && text !== '').join('\n\n') || undefined;
}

/** Tool messages of earlier runs are not stored yet, and system messages in mid-conversation are the agent's own. An answer of nothing says nothing, and some providers refuse a conversation that has one. */
function toModelMessage({ role, content }: Message): ModelMessage[] {
  if (role === 'tool' || content === '') return [];
  return [{ role, content }];
}

/** The SDK leaves such a call out and ends. */
const NO_TOOL_NAMED: ExecutionError = { code: 'PROVIDER_FAILED', message: 'The model provider failed: its model asked for a tool without saying for which. Try again; if it stays so, choose another model.' };

function exhausted(maxIterations: number): ExecutionError {
  return { code: 'ITERATIONS_EXHAUSTED', message: `The agent has used its ${String(maxIterations)} model calls without an answer; allow more maxIterations.` };
}
