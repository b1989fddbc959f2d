import { MEMORIES } from './peers.mjs';

const PEERS_GROUP = 'kept';

/**
 * What is asked in one run, in order; answers with a `cell` are kept.
 *
 * @param {number} run 0 is the first
 * @returns {{ who: string, cell?: string, question: { measure: string } }[]}
 */
export function stepsOf(run, { extent, all }) {
  const peers = all.filter((who) => who !== 'ours');
  return [...peers.flatMap((who) => stepsOfPeer(who, run, extent)), ...stepsOfOurs(run, extent)];
}

/** Ours have new conversations in each run, as it appends thousands of messages. */
function stepsOfOurs(run, extent) {
  const { conversations: count, messages, window, single, many, lengths, countings } = extent;
  const group = `r${run}`;
  const step = (cell, question) => ({ who: 'ours', cell, question: { group, count, window, ...question } });
  const one = (each) => ({ clients: 1, each, slices: 1 });
  return [
    ...(run === 0 ? [step(undefined, { measure: 'prepareLists' })] : []),
    step(undefined, { measure: 'prepare', messages }),
    step('firstWindows.1', { measure: 'firstWindows' }),
    step('windows.1', { measure: 'windows', ...one(single.windows) }),
    ...Object.entries(many).map(([clients, slices]) => step(`windows.${clients}`, { measure: 'windows', clients: Number(clients), ...slices })),
    step('appends.1', { measure: 'appends', ...one(single.appends) }),
    ...Object.entries(many).map(([clients, slices]) => step(`appends.${clients}`, { measure: 'appends', clients: Number(clients), ...slices })),
    ...turnSteps('ours', { group, extent }),
    step('lengths', { measure: 'lengths', lengths, each: single.lengths }),
    step('counting', { measure: 'counting', count: countings }),
    step(undefined, { measure: 'purge' }),
  ];
}

function stepsOfPeer(who, run, extent) {
  const prepare = { who, question: { measure: 'prepare', group: PEERS_GROUP, count: countOf(who, extent), messages: extent.messages } };
  const turns = turnSteps(who, { group: PEERS_GROUP, extent });
  // To warm up, the smaller half of what takes minutes is enough.
  return run === 0 ? [prepare, ...turns.slice(0, MEMORIES[who].isSlow ? 2 : undefined)] : turns;
}

/** Only as many as the most clients need, where making one takes tens of milliseconds. */
function countOf(who, { conversations, slowTurns }) {
  return MEMORIES[who].isSlow ? Math.max(...Object.keys(slowTurns).map(Number)) : conversations;
}

function turnSteps(who, { group, extent }) {
  const { window, turns, slowTurns } = extent;
  const each = MEMORIES[who].isSlow ? slowTurns : turns;
  return Object.entries(each).map(([clients, of]) => ({
    who,
    cell: `turns.${clients}.${who}`,
    question: { measure: 'takeTurns', group, count: countOf(who, extent), clients: Number(clients), each: of, window },
  }));
}
