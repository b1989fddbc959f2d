import { memoErrors } from '../memo.errors.js';

/** What an object is known by. An integer and its decimal digits are the same: `5`, `5n`, and `'5'`; `'05'` is another text. */
export type KnowledgeId = string | number | bigint;

const INTEGER = /^(?:0|-?[1-9]\d*)$/;

/**
 * The id as an entry has it: an integer as a number, or a BigInt where numbers are not exact; a text that is none as it is.
 *
 * @throws KNOWLEDGE_ID_INVALID for an empty text, a number that is no exact integer, and all else
 * @source AgentHeaven 0.9.2, CacheKLStore: ids are integers or numeric strings
 */
export function knowledgeId(id: unknown): KnowledgeId {
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id;
  if (typeof id === 'string' && id !== '' && !INTEGER.test(id)) return id;
  if (typeof id !== 'bigint' && (typeof id !== 'string' || id === '')) throw memoErrors.knowledgeIdInvalid(id);
  const integer = BigInt(id);
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
