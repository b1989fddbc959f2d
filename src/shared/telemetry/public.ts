import { SetMetadata, type CustomDecorator } from '@nestjs/common';

/** Metadata key that the guard reads. */
export const PUBLIC = 'nooble:public';

/** A route for everybody, without credentials. */
export function Public(): CustomDecorator {
  return SetMetadata(PUBLIC, true);
}
