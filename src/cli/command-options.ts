import type { INestApplicationContext } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { InvalidArgumentError } from 'commander';
import type { CommandResult } from './cli-output.js';
import { CLIENT_ID } from '../contracts/index.js';

/** Does the work of a command in the application, and tells of it. */
export type Perform = (work: (app: INestApplicationContext) => Promise<CommandResult>, options: { readonly json?: boolean }) => Promise<void>;

/** For commander's `option`. */
export const JSON_OPTION = ['--json', 'answer in JSON, on one line'] as const;

/** @returns a tenant's id @throws InvalidArgumentError for what cannot be one */
export function readTenant(text: string): string {
  if (!CLIENT_ID.test(text)) throw new InvalidArgumentError(`It must match ${CLIENT_ID.source}.`);
  return text;
}

/** @returns an id of ours, in lower case @throws InvalidArgumentError for what is no UUID */
export function readId(text: string): string {
  if (!isUUID(text)) throw new InvalidArgumentError('It must be a UUID.');
  return text.toLowerCase();
}

/** @returns the reader of a whole number @throws InvalidArgumentError for any other, and for one that is out of range */
export function readNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,15}$/.test(text) || Number(text) < min || Number(text) > max) throw new InvalidArgumentError(`It must be a whole number from ${String(min)} to ${String(max)}.`);
    return Number(text);
  };
}
