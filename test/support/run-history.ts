import type { ApiClient, SeenEvent } from './api-client.js';

/** A message as REST shows it, as far as runs are concerned. */
export interface SaidMessage {
  readonly messageId: string;
  readonly seq: number;
  readonly role: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** An execution as REST shows it. */
export interface SeenExecution {
  readonly executionId: string;
  readonly conversationId: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: { readonly messageId: string; readonly seq: number; readonly content: string } | null;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
}

const TERMINAL = /^execution\.(completed|failed|cancelled|timedOut)$/;

/** A run with everything that a client can see of it, once it has ended. */
export interface EndedRun {
  readonly execution: SeenExecution;
  readonly events: readonly (SeenEvent & { readonly at: string })[];
}

/** Waits for the end of a run. */
export async function endedRun(client: ApiClient, executionId: string): Promise<EndedRun> {
  const events = (await client.events(executionId)) as (SeenEvent & { readonly at: string })[];
  return { execution: (await client.get<SeenExecution>(`/api/v1/executions/${executionId}`)).body, events };
}

/** What is not withdrawn, in order. */
export async function messagesOf(client: ApiClient, conversationId: string): Promise<SaidMessage[]> {
  const all: SaidMessage[] = [];
  for (;;) {
    const { data } = (await client.get<{ data: SaidMessage[] }>(`/api/v1/conversations/${conversationId}/messages?limit=200&after=${String(all.at(-1)?.seq ?? 0)}`)).body;
    if (data.length === 0) return all;
    all.push(...data);
  }
}

/**
 * What must be true of the runs of one conversation when all have ended, whatever happened to them: each log is dense and has one terminal event,
 * its last; no two ran at once; each has said what it was asked and answered once, the answer right behind.
 *
 * @returns what is not
 */
export function faultsOfRuns(runs: readonly EndedRun[], messages: readonly SaidMessage[]): string[] {
  return [...runs.flatMap(faultsOfLog), ...overlapsOf(runs), ...runs.flatMap((run) => faultsOfMessages(run, messages)), ...strangersOf(runs, messages)];
}

function faultsOfLog({ execution: { executionId, status }, events }: EndedRun): string[] {
  const faults: string[] = [];
  if (events.some(({ seq }, i) => seq !== i + 1)) faults.push(`${executionId}: its log has the seqs ${events.map(({ seq }) => seq).join(' ')}`);
  const ends = events.filter(({ type }) => TERMINAL.test(type)).map(({ type }) => type);
  if (ends.length !== 1 || ends[0] !== events.at(-1)?.type || ends[0] !== `execution.${status}`) faults.push(`${executionId} is ${status} and has the ends ${ends.join(' ')}`);
  return faults;
}

function overlapsOf(runs: readonly EndedRun[]): string[] {
  const spans = runs
    .flatMap(({ execution: { executionId }, events }) => {
      const started = events.find(({ type }) => type === 'execution.started');
      return started ? [{ executionId, from: Date.parse(started.at), to: Date.parse(events.at(-1)?.at ?? '') }] : [];
    })
    .sort((a, b) => a.from - b.from || a.to - b.to);
  return spans.flatMap(({ executionId, from }, i) => (i > 0 && from < spans[i - 1]!.to ? [`${executionId} began while ${spans[i - 1]!.executionId} ran`] : []));
}

function faultsOfMessages({ execution: { executionId, status, result }, events }: EndedRun, messages: readonly SaidMessage[]): string[] {
  const places = (id: string): number[] => messages.flatMap(({ messageId }, i) => (messageId === id ? [i] : []));
  const [asked, answered] = [places(`${executionId}.user`), places(`${executionId}.assistant`)];
  const answer = messages.find(({ messageId }) => messageId === `${executionId}.assistant`);
  const rules: Record<string, boolean> = {
    'says nothing twice': asked.length <= 1 && answered.length <= 1,
    'is answered right behind what was asked': answered.length === 0 || answered[0] === (asked[0] ?? NaN) + 1,
    'is completed with a whole answer': status !== 'completed' || isWhole(answer),
    'has its answer as its result': result?.content === answer?.content,
    'says nothing unless it was begun': asked.length === 0 || events.some(({ type }) => type === 'execution.started'),
  };
  return Object.keys(rules).filter((rule) => rules[rule] === false).map((rule) => `not true of ${executionId}, which is ${status}: it ${rule}`);
}

function isWhole(answer: SaidMessage | undefined): boolean {
  return answer !== undefined && answer.metadata?.['isPartial'] !== true;
}

function strangersOf(runs: readonly EndedRun[], messages: readonly SaidMessage[]): string[] {
  const known = new Set(runs.flatMap(({ execution: { executionId } }) => [`${executionId}.user`, `${executionId}.assistant`]));
  return messages.filter(({ messageId }) => !known.has(messageId)).map(({ messageId }) => `${messageId} belongs to no run`);
}
