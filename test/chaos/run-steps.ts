import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = join(import.meta.dirname, '../../src/modules');

interface Step {
  readonly store: 'redis' | 'postgres';
  /** By what it is told. @param nextId the run that waits */
  readonly says: (nextId: string) => readonly string[];
}

/** A script by its hash, or as it is sent by who uses it first. */
function script(file: string): Step {
  const text = readFileSync(join(MODULES, `${file}.lua`), 'utf8');
  // A gate hears bytes, and reads each as a character.
  const says = [createHash('sha1').update(text).digest('hex'), Buffer.from(text).toString('latin1')];
  return { store: 'redis', says: () => says };
}

function said(store: Step['store'], ...texts: readonly string[]): Step {
  return { store, says: () => texts };
}

/** Everything by which a run changes a store: in which, and by what it is told. */
export const STEPS = {
  begin: script('execution/runs/begin-run'),
  'append a message': script('conversations/hot/append'),
  'append events': script('execution/event-log/append-events'),
  end: script('execution/runs/end-run'),
  'send the next one': { store: 'redis', says: (nextId) => [nextId] },
  'its record': said('postgres', 'INSERT INTO executions'),
  // Said at once, and forgotten last.
  'let it expire and forget it': said('redis', '\r\nexpire\r\n', '\r\nzrem\r\n'),
} as const satisfies Record<string, Step>;
export type StepName = keyof typeof STEPS;

/**
 * What one run does that has another one behind it, in a conversation that begins with it: the first append finds none. The next run is first looked up,
 * then sent. How many times events are appended the clock decides; twice at the least.
 */
export const RUN: readonly StepName[] = ['begin', 'append a message', 'append a message', 'append events', 'append events', 'append a message', 'end', 'send the next one', 'send the next one', 'its record', 'let it expire and forget it'];

/** A moment in which a worker dies. */
export interface Point {
  readonly step: StepName;
  /** Of the same step in this run, from 1. */
  readonly occurrence: number;
  readonly side: 'before' | 'after';
}

/** Before and after each step of a run. */
export const POINTS: readonly Point[] = RUN.flatMap((step, i) => {
  const occurrence = RUN.slice(0, i + 1).filter((name) => name === step).length;
  return (['before', 'after'] as const).map((side) => ({ step, occurrence, side }));
});

/** @returns undefined for what belongs to no step: what drivers say when they connect, and reads */
export function stepOf(text: string, nextId: string): StepName | undefined {
  return (Object.keys(STEPS) as StepName[]).find((step) => STEPS[step].says(nextId).some((known) => text.includes(known)));
}
