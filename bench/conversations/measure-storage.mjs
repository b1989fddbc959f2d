import { MEMORIES } from './peers.mjs';

/** Of the product and of Mastra also after so many conversations: what a table has at least counts less then. */
const MORE = 10;
const GROUP = 'stored';

/** The same conversation, turn by turn, by each of them into a database of its own; then the bytes that it takes there. */
export async function measureStorage({ extent: { storedTurns }, databases, open }, update, unavailable) {
  const findings = {};
  const whos = Object.keys(MEMORIES).filter((who) => MEMORIES[who].tables && !unavailable.includes(who));
  for (const who of whos) {
    const database = `${who}_stored`;
    const helper = await open(who, { database });
    const converse = async (first, count) => {
      update(`${who}: ${count} of ${storedTurns} turns`);
      const textBytes = await helper.ask({ measure: 'converse', group: GROUP, first, count, length: storedTurns });
      return { textBytes, relations: await databases.relations(database) };
    };
    const one = await converse(0, 1);
    const more = MEMORIES[who].isSlow ? undefined : await converse(1, MORE - 1);
    findings[who] = { one, ...(more && { more: { count: MORE, textBytes: one.textBytes + more.textBytes, relations: more.relations } }) };
    await helper.stop();
  }
  return findings;
}
