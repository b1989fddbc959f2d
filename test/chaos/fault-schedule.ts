import { SeededRandom } from '../support/seeded-random.js';

/** What can be hit; of two workers each is one of its own. */
export const TARGETS = ['worker1', 'worker2', 'api', 'redis', 'postgres'] as const;
export type Target = (typeof TARGETS)[number];

/**
 * `kill`: SIGKILL, and it is started again `forMs` later. `stop`: SIGSTOP, then SIGCONT. `cut`: its connections end, new ones pass. `refuse`: they end, and new ones
 * are refused. `freeze`: its connections stay, but nothing passes. `mute`: what it is told it does, but no answer passes.
 */
export type FaultKind = 'kill' | 'stop' | 'cut' | 'refuse' | 'freeze' | 'mute';

export interface Fault {
  readonly kind: FaultKind;
  readonly target: Target;
  /** After the beginning of the run. */
  readonly atMs: number;
  /** Until it is undone. */
  readonly forMs: number;
}

/** What may happen to each target, and how often beside the others. */
const CHOICES: readonly { readonly kind: FaultKind; readonly targets: readonly Target[]; readonly weight: number; readonly longestMs: number }[] = [
  { kind: 'kill', targets: ['worker1', 'worker2'], weight: 4, longestMs: 1_500 },
  { kind: 'kill', targets: ['api'], weight: 2, longestMs: 500 },
  { kind: 'kill', targets: ['redis'], weight: 4, longestMs: 2_000 },
  { kind: 'kill', targets: ['postgres'], weight: 4, longestMs: 2_000 },
  { kind: 'cut', targets: ['redis', 'postgres'], weight: 4, longestMs: 0 },
  { kind: 'refuse', targets: ['redis', 'postgres'], weight: 2, longestMs: 2_000 },
  { kind: 'freeze', targets: ['redis', 'postgres'], weight: 2, longestMs: 4_000 },
  { kind: 'mute', targets: ['redis', 'postgres'], weight: 4, longestMs: 1_500 },
  { kind: 'stop', targets: ['worker1', 'worker2'], weight: 4, longestMs: 7_000 },
];
const WEIGHED = CHOICES.flatMap((choice) => Array.from({ length: choice.weight }, () => choice));

/** Between two faults, milliseconds. */
const LEAST_GAP_MS = 200;
const MOST_GAP_MS = 2_500;
/** A target that is back is left alone for so long: what is hit all the time does nothing that could go wrong. Milliseconds. */
const RESPITE_MS = 2_500;
/** Runs of this length have time for a worker that is silent for longer than the lock of its jobs (15 s). Milliseconds. */
const LONG_RUN_MS = 100_000;
const OUTLASTS_LOCK_MS = 18_000;

/**
 * The faults of a run, by time; the same for the same seed and duration. Different targets may be away at once.
 *
 * @param durationMs all are undone by then
 */
export function scheduleFaults(seed: number, durationMs: number): Fault[] {
  const random = new SeededRandom(seed);
  const freeAt = new Map<Target, number>();
  const faults: Fault[] = [];
  const add = (fault: Fault): void => {
    faults.push(fault);
    freeAt.set(fault.target, fault.atMs + fault.forMs + RESPITE_MS);
  };
  let lock = durationMs >= LONG_RUN_MS ? Math.floor(durationMs / 3) : Infinity;
  for (let atMs = 1_000; ; atMs += LEAST_GAP_MS + random.int(MOST_GAP_MS - LEAST_GAP_MS)) {
    const { kind, targets, longestMs } = random.pick(WEIGHED);
    const target = random.pick(targets);
    const forMs = random.int(longestMs + 1);
    if (atMs + forMs > durationMs) return faults;
    if (atMs >= lock && (freeAt.get('worker1') ?? 0) <= atMs) {
      add({ kind: 'stop', target: 'worker1', atMs, forMs: OUTLASTS_LOCK_MS });
      lock = Infinity;
    } else if ((freeAt.get(target) ?? 0) <= atMs) add({ kind, target, atMs, forMs });
  }
}
