/** An argument that says itself what it is for a key: an instance with `toMemoKey()`, as an entry keeps it. */
export class KeyedInput {
  /**
   * @param className of the instance
   * @param key what its `toMemoKey()` gave: plain data
   */
  constructor(
    readonly className: string,
    readonly key: unknown,
  ) {
    Object.freeze(this);
  }

  /** So that a kept input is the same key as the instance that it stands for. */
  static of(value: object): KeyedInput | undefined {
    if (value instanceof KeyedInput) return value;
    const { toMemoKey, constructor } = value as { readonly toMemoKey?: unknown; readonly constructor?: { readonly name?: string } };
    if (typeof toMemoKey !== 'function' || Object.hasOwn(value, 'toMemoKey')) return undefined;
    return new KeyedInput(constructor?.name ?? '', (toMemoKey as () => unknown).call(value));
  }
}
