import { Injectable, type PipeTransform } from '@nestjs/common';
import { CLIENT_ID } from '../../../contracts/index.js';
import { commandErrors } from './commands.errors.js';

/** A command's temporary id or its UUID, in lower case from here on. */
@Injectable()
export class CommandIdPipe implements PipeTransform<string, string> {
  /** @throws VALIDATION_FAILED (invalid) */
  transform(id: string): string {
    if (!CLIENT_ID.test(id)) throw commandErrors.idInvalid();
    return id.toLowerCase();
  }
}
