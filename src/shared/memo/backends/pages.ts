/** Entries that are read or written in one step. */
export const PAGE = 500;
/** And so much text of them: MySQL takes 16 MB at once unless told otherwise, and a character has three bytes at most here. */
const PAGE_CHARACTERS = 4_194_304;

/** A list in parts that a database takes in one step. @param charactersOf the text that an item sends, UTF-16 code units */
export function pagesOf<T>(items: readonly T[], charactersOf: (item: T) => number = () => 0): T[][] {
  const pages: T[][] = [];
  let left = 0;
  for (const item of items) {
    const characters = charactersOf(item);
    const page = pages.at(-1);
    if (page && page.length < PAGE && characters <= left) page.push(item);
    else [left] = [PAGE_CHARACTERS, pages.push([item])];
    left -= characters;
  }
  return pages;
}
