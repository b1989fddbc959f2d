import type { AppError } from '../../errors/index.js';
import { type Kind, kindOf } from './kinds.js';

/** Deeper data would overflow the stack of whoever reads it. */
const MAX_DEPTH = 500;

export type Refuse = (path: string, what: string) => AppError;

/** Where one is in a value while it is copied or written: refuses cycles, depth, and whatever is no plain data, and says where. */
export class Walk {
  private readonly parents: object[] = [];
  private readonly keys: (string | number)[] = [];

  constructor(private readonly refuse: Refuse) {}

  /** @throws what `refuse` makes when the value is no plain data */
  kind(value: unknown): Kind {
    const kind = kindOf(value);
    if (typeof kind === 'object') throw this.refuse(this.path(), kind.refused);
    return kind;
  }

  /** Visits one part of a parent. @throws what `refuse` makes for a cycle, after which the walk is of no more use */
  into<T>(parent: object, key: string | number, visit: () => T): T {
    if (this.parents.includes(parent)) throw this.refuse(this.path(), 'a part of itself');
    if (this.parents.length >= MAX_DEPTH) throw this.refuse('the value', `nested more than ${String(MAX_DEPTH)} levels deep`);
    this.parents.push(parent);
    this.keys.push(key);
    const result = visit();
    this.keys.pop();
    this.parents.pop();
    return result;
  }

  private path(): string {
    return this.keys.reduce<string>((path, key) => (typeof key === 'number' ? `${path}[${String(key)}]` : `${path}.${key}`), 'the value');
  }
}
