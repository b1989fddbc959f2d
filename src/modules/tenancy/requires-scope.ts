import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { Scope } from './principal.js';

/** Metadata key that the guard reads. */
export const REQUIRED_SCOPE = 'nooble:requires-scope';

/** The scope that a caller of this handler, or of every handler of this controller, must have. */
export function RequiresScope(scope: Scope): CustomDecorator {
  return SetMetadata(REQUIRED_SCOPE, scope);
}
