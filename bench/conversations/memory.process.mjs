// One keeper of conversations in a process of its own: the compiler of V8 sees only its code.
import { oneLine } from '../../scripts/command.mjs';
import { serveHelper } from '../helper.mjs';
import { MEMORIES } from './peers.mjs';
import * as timings from './timings.mjs';
import * as turns from './turns.mjs';

const MEASURES = { ...timings, ...turns };

await serveHelper(async ({ name, ...options }) => {
  const { open, options: own } = MEMORIES[name];
  const { openMemory } = await open();
  try {
    const memory = await openMemory({ ...own, ...options });
    return { answer: ({ measure, ...extent }) => MEASURES[measure](memory, extent) };
  } catch (error) {
    return { ready: { failure: oneLine(error) } };
  }
});
