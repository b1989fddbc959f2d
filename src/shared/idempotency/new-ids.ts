import { newId } from '../../contracts/index.js';
import { derivedId } from './derived-id.js';

/** The ids of what one request makes. With an `Idempotency-Key` the same request has the same ids each time: to make a thing again is to find it there. */
export class NewIds {
  /**
   * @param seed     what the ids follow from; undefined for a request without a key: each is new
   * @param isRepeat the key was known already, so what is made may be there
   */
  constructor(
    private readonly seed?: string,
    readonly isRepeat = false,
  ) {}

  /** @param name what the id is for, such as `conversation`; with a key the same name has the same id */
  id(name: string): string {
    return this.seed === undefined ? newId() : derivedId(this.seed, name);
  }
}
