/** An index to be counted and emptied, and the wider ones that have its entries, too. */
export interface IndexSpec {
  readonly index: string;
  readonly parents: readonly string[];
}

/** An entry or a scope that is void. Both names are encoded. */
export interface Invalidation {
  readonly kind: 'entry' | 'scope';
  readonly tenant: string;
  readonly name: string;
  /** With a scope: what counted its entries. */
  readonly indexes?: readonly IndexSpec[];
}
