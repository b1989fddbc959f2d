import { CommandError } from '../../scripts/command.mjs';
import { slicesByTurns } from './slices.mjs';
import { makeTurns, messagesOf } from './text.mjs';

const MAKERS = 32;
const TEXTS = 500;
const SETTLE_EVERY = 10;
const turns = makeTurns(TEXTS);

/**
 * Makes conversations with the same messages each.
 *
 * @param {{ group: string, count: number, messages: number }} extent conversation `i` has the id `<group>.<i>`
 */
export async function prepare({ begin }, { group, count, messages }) {
  const texts = messagesOf(turns);
  const all = Array.from({ length: messages }, (_, i) => texts[i % texts.length]);
  const make = async (maker) => {
    for (let i = maker; i < count; i += MAKERS) await begin(idOf(group, i), all);
  };
  await Promise.all(Array.from({ length: MAKERS }, (_, maker) => make(maker)));
}

/**
 * Turns in the conversations of a group: save a user's and an assistant's message, read the newest ones. At no time are two in one conversation.
 *
 * @param {{ group: string, count: number, clients: number, each: number, window: number }} extent `count` of the group, a multiple of `clients`
 */
export async function takeTurns({ turn }, { group, count, clients, each, window }) {
  const take = async (i) => {
    const read = await turn(idOf(group, i % count), turns[i % TEXTS]);
    if (read !== window) throw new CommandError(`A turn read ${read} messages, not ${window}.`);
  };
  return (await slicesByTurns({ take }, { clients, each, slices: 1 })).take;
}

/**
 * Whole conversations, one after the other, moved to where they stay every few turns, if they are elsewhere before.
 *
 * @param {{ group: string, first: number, count: number, length: number }} extent `length` of each, turns
 * @returns {Promise<number>} bytes of their text
 */
export async function converse({ begin, turn, settle }, { group, first, count, length }) {
  let bytes = 0;
  for (let i = first; i < first + count; i++) {
    const texts = makeTurns(length, i + 1);
    await begin(idOf(group, i), []);
    for (const [at, text] of texts.entries()) {
      await turn(idOf(group, i), text);
      if ((at + 1) % SETTLE_EVERY === 0) await settle?.(idOf(group, i));
    }
    bytes += messagesOf(texts).reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  }
  return bytes;
}

export function idOf(group, i) {
  return `${group}.${i}`;
}
