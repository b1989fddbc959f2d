/** Bytes of some tables with all that belongs to them. */
export function bytesOf({ relations }, tables) {
  return tables.reduce((sum, name) => sum + relations[name].total, 0);
}

/** What a table consists of. @returns {[string, number][]} names and bytes */
export function partsOf({ relations }, table) {
  const { heap, toast, maps, indexes } = relations[table];
  return [['heap', heap], ['toast', toast], ['maps of free space and visibility', maps], ...Object.entries(indexes).map(([name, bytes]) => [`index ${name}`, bytes])];
}
