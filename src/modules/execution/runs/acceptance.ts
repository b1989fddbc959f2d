import type { Exceeded, RateName, RateWindow, RunLimitName } from '../usage/usage.js';

/** What a run has taken of its tenant's limits. */
export interface Taken {
  /** The windows of turns, where they are limited. */
  readonly minute: RateWindow;
  readonly day: RateWindow;
  /** What Redis knows of the usage has to be compared with PostgreSQL. */
  readonly isUsageOld: boolean;
}

/** A run that was not refused. `known`: it was accepted before. `waiting`: another run has the conversation. */
export type Accepted =
  | { readonly outcome: 'claimed'; readonly taken?: Taken }
  | { readonly outcome: 'known' }
  | { readonly outcome: 'waiting'; readonly activeId: string; readonly position: number; /** Waits as well, to take the active one's place. */ readonly heirId?: string; readonly taken?: Taken };

/** Nothing was changed. `unread`: a budget counts, and Redis does not know what was used. */
export type NotAccepted =
  | { readonly outcome: 'busy'; readonly activeId: string }
  | { readonly outcome: 'full'; readonly activeId: string }
  | { readonly outcome: 'limited'; readonly exceeded: Exceeded }
  | { readonly outcome: 'unread' };

/** What became of a reservation without a run. */
export type Reserved = { readonly outcome: 'reserved' } | Extract<NotAccepted, { outcome: 'limited' | 'unread' }>;

export type Acceptance = Accepted | NotAccepted;

type Rates = readonly [minuteTaken: number, minuteMs: number, dayTaken: number, dayMs: number];
type Given = readonly ['claimed', Rates, number] | readonly ['waiting', Rates, number, string, number, (string | null)?];
/** What `reserve-usage.lua` answers. */
export type ReserveAnswer = readonly ['reserved'] | Extract<Refusal, readonly ['limited' | 'unread', ...unknown[]]>;

type Refusal = readonly ['busy', string] | readonly ['full', string] | readonly ['limited', RunLimitName, number, number?] | readonly ['unread'];

/** What `accept-run.lua` answers. */
export type AcceptAnswer = Given | Refusal | readonly ['known'];

/** @param isLimited the caller has said what the run takes */
export function acceptanceOf(answer: AcceptAnswer, isLimited: boolean): Acceptance {
  if (answer[0] === 'known') return { outcome: 'known' };
  if (answer[0] === 'claimed' || answer[0] === 'waiting') return acceptedOf(answer, isLimited);
  return refusedOf(answer);
}

export function reservedOf(answer: ReserveAnswer): Reserved {
  if (answer[0] === 'limited') return { outcome: 'limited', exceeded: exceededOf(answer[1], answer[2], answer[3] ?? 0) };
  return { outcome: answer[0] };
}

function acceptedOf(answer: Given, isLimited: boolean): Accepted {
  const [minuteTaken, minuteMs, dayTaken, dayMs] = answer[1];
  const taken = isLimited && { taken: { minute: { taken: minuteTaken, resetMs: minuteMs }, day: { taken: dayTaken, resetMs: dayMs }, isUsageOld: answer[2] === 1 } };
  if (answer[0] === 'claimed') return { outcome: 'claimed', ...taken };
  const [outcome, , , activeId, position, heirId] = answer;
  return { outcome, activeId, position, ...(heirId != null && { heirId }), ...taken };
}

function refusedOf(answer: Refusal): NotAccepted {
  if (answer[0] === 'unread') return { outcome: 'unread' };
  return answer[0] === 'limited' ? { outcome: 'limited', exceeded: exceededOf(answer[1], answer[2], answer[3] ?? 0) } : { outcome: answer[0], activeId: answer[1] };
}

function exceededOf(name: RunLimitName, has: number, fact: number): Exceeded {
  if (name === 'concurrentRuns') return { name, running: has };
  return isRate(name) ? { name, taken: has, resetMs: fact } : { name, used: has, reserved: fact };
}

function isRate(name: RunLimitName): name is RateName {
  return name.startsWith('requests');
}
