/** Random numbers that are the same in every run. */
export class SeededRandom {
  constructor(private state: number) {}

  /** A whole number of 0 to `below` - 1. @source mulberry32, public domain */
  int(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(choices.length)]!;
  }

  /** That many of the choices, one after the other. */
  text(choices: readonly string[], count: number): string {
    return Array.from({ length: count }, () => this.pick(choices)).join('');
  }
}
