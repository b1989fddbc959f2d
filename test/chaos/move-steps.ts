import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HOT = join(import.meta.dirname, '../../src/modules/conversations/hot');

/** A script by its hash, or as it is sent by who uses it first. */
export function script(name: string): { readonly store: 'redis'; readonly says: readonly string[] } {
  const text = readFileSync(join(HOT, `${name}.lua`), 'utf8');
  return { store: 'redis', says: [createHash('sha1').update(text).digest('hex'), text] };
}

function statement(says: string): { readonly store: 'postgres'; readonly says: readonly string[] } {
  return { store: 'postgres', says: [says] };
}

/** Everything that a move says to a store: to which, and by what it is told. */
export const STEPS = {
  read: script('read'),
  begin: statement('START TRANSACTION'),
  'become the tenant': statement("set_config('nooble.tenant'"),
  store: statement('WITH conversation AS ('),
  'mark and read back': statement('WITH marked AS ('),
  'erase the row': statement('INSERT INTO conversations AS c'),
  'erase the messages': statement('DELETE FROM "messages"'),
  'lock what is said of it': statement('pg_advisory_xact_lock'),
  'erase the labels': statement('DELETE FROM "conversation_labels"'),
  'erase the assignment': statement('DELETE FROM "conversation_assignments"'),
  'erase the notes': statement('DELETE FROM "conversation_notes"'),
  ledger: statement('INSERT INTO "migration_ledger"'),
  commit: statement('COMMIT'),
  'mark in Redis': script('mark-archived'),
  'transferred in the row': statement("SET status = 'transferred'"),
  release: script('release'),
  trim: script('trim'),
  hide: script('change'),
} as const;
export type Step = keyof typeof STEPS;

const ANNOTATIONS = ['lock what is said of it', 'erase the labels', 'erase the assignment', 'erase the notes'] as const;
const BEGIN = ['begin', 'become the tenant'] as const;
const BATCH: readonly Step[] = ['read', ...BEGIN, 'store', 'mark and read back', 'ledger', 'commit', 'mark in Redis'];

/** What a move does with five messages in batches of three, by what the conversation is when it begins. `changed`: all is archived but a change of the header. */
export const MOVES = {
  active: [...BATCH, ...BATCH, 'release', 'trim'],
  closed: [...BATCH, ...BATCH, ...BEGIN, 'transferred in the row', 'commit', 'release'],
  changed: ['read', ...BEGIN, 'store', 'mark and read back', 'commit', 'mark in Redis', 'release', 'trim'],
  deleted: ['read', 'hide', ...BEGIN, 'erase the row', 'erase the messages', ...ANNOTATIONS, 'commit', 'release'],
} as const satisfies Record<string, readonly Step[]>;
export type State = keyof typeof MOVES;
export const STATES = Object.keys(MOVES) as State[];

/** A moment in which a mover dies. */
export interface Point {
  readonly state: State;
  readonly step: Step;
  /** Of the same step in this move, from 1. */
  readonly occurrence: number;
  readonly side: 'before' | 'after';
}

/** Before and after each step of every move. */
export const POINTS: readonly Point[] = STATES.flatMap((state) =>
  MOVES[state].flatMap((step, i) => {
    const occurrence = MOVES[state].slice(0, i + 1).filter((name) => name === step).length;
    return (['before', 'after'] as const).map((side) => ({ state, step, occurrence, side }));
  }),
);

/** @returns undefined for what belongs to no step: what drivers say when they connect */
export function stepOf(said: string): Step | undefined {
  return (Object.keys(STEPS) as Step[]).find((step) => STEPS[step].says.some((text) => said.includes(text)));
}
