/** Entries that are read, written or removed in one step. */
export const PAGE = 500;
/** And so much text of them: MySQL takes 16 MB at once unless told otherwise, and a character has three bytes at most here. */
const PAGE_CHARACTERS = 4_194_304;

/** A list in pieces of a size. */
export function* pagesOf<T>(items: readonly T[], size = PAGE): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

/** A list in pieces of at most {@link PAGE} items, which a database takes at once. @param charactersOf the text that an item sends, UTF-16 code units */
export function pagesByText<T>(items: readonly T[], charactersOf: (item: T) => number): readonly (readonly T[])[] {
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
